/** What every evaluated operator has in common: constants in, constants out, within a limit. */
import { sizeOf } from '../../../graph/tensor.ts';
import type { FileNode } from '../file-nodes.ts';
import type { Constant } from '../tensors.ts';

/** The outputs of a node from constant inputs (undefined where left out). Throws a plain `Error` where they do not fit. */
export type Evaluate = (inputs: readonly (Constant | undefined)[], node: FileNode, limit: Limit) => readonly Constant[];

/** How many values may still be made: a few numbers in a file could ask for more than any machine has. */
export class Limit {
  #left: number;

  constructor(values: number) {
    this.#left = values;
  }

  /** Takes room for a shape's values. Throws where there is not so much left. */
  take(shape: readonly number[]): void {
    this.#left -= sizeOf(shape);
    if (!(this.#left >= 0) || shape.some((extent) => extent < 0)) throw new Error(`[${shape}] is more than a network's constants need`);
  }
}

/** An input that must be there. */
export function given(inputs: readonly (Constant | undefined)[], index: number): Constant {
  const input = inputs[index];
  if (!input) throw new Error(`input ${index} is missing`);
  return input;
}
