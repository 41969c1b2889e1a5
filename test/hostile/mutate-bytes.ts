/** Changes to a file that know nothing of its format. */
import type { Dice } from './dice.ts';
import { INTEGERS } from './extremes.ts';

type Change = (bytes: Uint8Array, dice: Dice, other: () => Uint8Array) => Uint8Array;

const join = (...parts: Uint8Array[]): Uint8Array => {
  const whole = Buffer.concat(parts);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
};
const span = (bytes: Uint8Array, dice: Dice): [number, number] => {
  const start = dice.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + dice.below(dice.pick([4, 64, 1024, bytes.length + 1])))];
};

const CHANGES: Readonly<Record<string, Change>> = {
  flip: (bytes, dice) => {
    const made = bytes.slice();
    for (let count = 1 + dice.below(8); count > 0 && made.length > 0; count--) made[dice.below(made.length)] ^= 1 << dice.below(8);
    return made;
  },
  run: (bytes, dice) => {
    const [start, end] = span(bytes, dice);
    return bytes.slice().fill(dice.pick([0, 255, 128, 127, 0x7b, 0x5b, dice.below(256)]), start, end);
  },
  noise: (bytes, dice) => {
    const [start, end] = span(bytes, dice);
    const made = bytes.slice();
    for (let i = start; i < Math.min(end, start + 256); i++) made[i] = dice.below(256);
    return made;
  },
  cut: (bytes, dice) => bytes.slice(0, dice.below(bytes.length + 1)),
  remove: (bytes, dice) => {
    const [start, end] = span(bytes, dice);
    return join(bytes.subarray(0, start), bytes.subarray(end));
  },
  repeat: (bytes, dice) => {
    const [start, end] = span(bytes, dice);
    return join(bytes.subarray(0, end), bytes.subarray(start));
  },
  move: (bytes, dice) => {
    const [start, end] = span(bytes, dice);
    const rest = join(bytes.subarray(0, start), bytes.subarray(end));
    const at = dice.below(rest.length + 1);
    return join(rest.subarray(0, at), bytes.subarray(start, end), rest.subarray(at));
  },
  splice: (bytes, dice, other) => {
    const from = other();
    const [start, end] = span(from, dice);
    const [at, until] = span(bytes, dice);
    return join(bytes.subarray(0, at), from.subarray(start, end), bytes.subarray(dice.once(2) ? at : until));
  },
  number: (bytes, dice) => {
    const made = bytes.slice();
    if (made.length < 8) return made;
    const view = new DataView(made.buffer, made.byteOffset);
    view.setBigInt64(dice.below(made.length - 7), BigInt.asIntN(64, dice.pick(INTEGERS)), dice.once(2));
    return made;
  },
};

/** One change; `about` is told which. `other` gives another file's bytes. */
export function changeBytes(bytes: Uint8Array, dice: Dice, other: () => Uint8Array, about: string[]): Uint8Array {
  const name = dice.pick(Object.keys(CHANGES));
  about.push(`bytes ${name}`);
  return CHANGES[name](bytes, dice, other);
}
