/** From a seed to a hostile file: a real one with changes that the seed draws, the same for the same seed. */
import { Dice } from './dice.ts';
import type { Material, Original } from './material.ts';
import { changeBytes } from './mutate-bytes.ts';
import { changeJson } from './mutate-json.ts';
import { changeOnnx } from './mutate-onnx.ts';

/** A file to be opened. */
export interface Case {
  readonly seed: number;
  readonly original: Original;
  readonly bytes: Uint8Array;
  /** What was done to it. */
  readonly about: readonly string[];
  /** For choices to be made with what it opens as. */
  readonly dice: Dice;
}

/** The case of a seed. */
export function makeCase(seed: number, material: Material): Case {
  const dice = new Dice(seed);
  const kind = dice.below(40);
  const [originals, change] =
    kind < 22
      ? [material.families, changeOnnx]
      : kind < 23
        ? [material.large, changeOnnx]
        : kind < 29
          ? [material.testdata, changeOnnx]
          : [material.tfjs, jsonOf];
  const original = dice.pick(originals);
  const about: string[] = [];
  const other = () => dice.pick(originals).bytes;
  const blind = dice.once(4);
  let bytes = blind ? Uint8Array.from(original.bytes) : change(original.bytes, dice, other, about);
  if (blind || dice.once(10))
    for (let count = dice.pick([1, 1, 1, 2, 4]); count > 0; count--) bytes = changeBytes(bytes, dice, other, about);
  return { seed, original, bytes, about, dice };
}

function jsonOf(bytes: Uint8Array, dice: Dice, _: unknown, about: string[]): Uint8Array {
  return changeJson(bytes, dice, about);
}
