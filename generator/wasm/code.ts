/** WebAssembly written as bytes: the few instructions that loops over pixels and values need, four numbers at a time, and the module around them. */

/** Encoded instructions; an expression leaves its value on the stack. */
export type Code = readonly number[];

/** Types of locals and parameters. */
export const I32 = 0x7f;
export const V128 = 0x7b;
type ValueType = typeof I32 | typeof V128;

/** A local, by its number: parameters come first. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  shiftLeft: (a: Code, by: number): Code => [...a, ...i32.constant(by), 0x74],
  load: (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)],
  below: (a: Code, b: Code): Code => [...a, ...b, 0x49],
};

const four =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(opcode)];

/** The same bytes again and again, as a constant of 16. */
const repeated = (bytes: ArrayBuffer, count: number): Code => [
  0xfd,
  ...unsigned(12),
  ...Array(count)
    .fill([...new Uint8Array(bytes)])
    .flat(),
];

/** Four float32 values. Products and sums are rounded one by one, so that every machine gets the same bits. */
export const f32x4 = {
  load: (address: Code, offset = 0): Code => [...address, 0xfd, ...unsigned(0), 2, ...unsigned(offset)],
  /** One value, four times. */
  loadSplat: (address: Code, offset = 0): Code => [...address, 0xfd, ...unsigned(9), 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0xfd, ...unsigned(11), 2, ...unsigned(offset)],
  /** One number, four times. */
  constant: (value: number): Code => repeated(Float32Array.of(value).buffer, 4),
  add: four(0xe4),
  sub: four(0xe5),
  mul: four(0xe6),
  div: four(0xe7),
  /** The smaller or larger; a, where one is not a number. One instruction, unlike those that hand on every NaN. */
  min: four(0xea),
  max: four(0xeb),
  sqrt: four(0xe3),
  /** All bits of a lane where it holds, else none. */
  below: four(0x43),
  above: four(0x44),
  /** Bits that both have, that only the first has, that either has. */
  and: four(0x4e),
  andNot: four(0x4f),
  or: four(0x50),
  abs: four(0xe0),
  /** a · 2ⁿ, n being the whole number in the lowest bits of `n` as they lie in memory, as long as neither value is too large or small. */
  scale: (a: Code, n: Code): Code => four(0xae)(a, [...n, ...i32.constant(23), 0xfd, ...unsigned(0xab)]),
  /** Picks four of the eight values of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [
    ...a,
    ...b,
    0xfd,
    ...unsigned(13),
    ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
};

/** The four values in `locals`, each with four lanes, turned about: value k gets lane k of each. `spare` are four more. */
export function transpose(locals: readonly number[], spare: readonly number[]): Code {
  const [a, b, c, d] = locals.map(get);
  const [s, t, u, v] = spare;
  const low = [0, 4, 1, 5];
  const high = [2, 6, 3, 7];
  return [
    ...set(s, f32x4.shuffle(a, b, low)),
    ...set(t, f32x4.shuffle(c, d, low)),
    ...set(u, f32x4.shuffle(a, b, high)),
    ...set(v, f32x4.shuffle(c, d, high)),
    ...set(locals[0], f32x4.shuffle(get(s), get(t), [0, 1, 4, 5])),
    ...set(locals[1], f32x4.shuffle(get(s), get(t), [2, 3, 6, 7])),
    ...set(locals[2], f32x4.shuffle(get(u), get(v), [0, 1, 4, 5])),
    ...set(locals[3], f32x4.shuffle(get(u), get(v), [2, 3, 6, 7])),
  ];
}

/** Four whole numbers of 32 bits. */
export const i32x4 = {
  constant: (value: number): Code => repeated(Int32Array.of(value).buffer, 4),
  splat: four(0x11),
  add: four(0xae),
  sub: four(0xb1),
  mul: four(0xb5),
  abs: four(0xa0),
  /** The two numbers of an f64x2 value that are whole, and zeros. */
  ofFloats: four(0xfc),
};

/** Two float64 values. */
export const f64x2 = {
  constant: (value: number): Code => repeated(Float64Array.of(value).buffer, 2),
  loadSplat: (address: Code, offset = 0): Code => [...address, 0xfd, ...unsigned(10), 3, ...unsigned(offset)],
  pair: (first: number, second: number): Code => repeated(Float64Array.of(first, second).buffer, 1),
  add: four(0xf0),
  sub: four(0xf1),
  mul: four(0xf2),
  floor: four(0x75),
  /** Both as float32, and zeros. */
  rounded: four(0x5e),
};

/** Runs `body` as long as `condition` holds, and once in any case. */
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** Adds to an address or a count. */
export const advance = (local: number, by: number): Code => set(local, i32.add(get(local), i32.constant(by)));

/** Runs `body` as often as a local says, once at least; the local counts down to zero. */
export const times = (count: number, body: Code): Code =>
  repeatWhile([...body, ...advance(count, -1)], i32.below(i32.constant(0), get(count)));

/** Fills `length` bytes from `address` on with zero. */
export const clear = (address: Code, length: Code): Code => [...address, ...i32.constant(0), ...length, 0xfc, ...unsigned(11), 0];

/** A function of 32-bit integers (addresses and counts, in bytes) that returns nothing. */
export interface WasmFunction {
  readonly parameters: number;
  /** The types of its further locals, numbered after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** The locals of a function under construction. */
export class Locals {
  readonly #parameters: number;
  readonly #types: ValueType[] = [];
  readonly #constants = new Map<string, number>();

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  take(type: ValueType): number {
    this.#types.push(type);
    return this.#parameters + this.#types.length - 1;
  }

  many(type: ValueType, count: number): number[] {
    return Array.from({ length: count }, () => this.take(type));
  }

  /** A number in every lane, which is made once, before the body: V8 would make it anew wherever it is used. */
  constant(value: number): Code {
    return this.#once(f32x4.constant(value));
  }

  /** Two float64 numbers, in the same way. */
  double(value: number): Code {
    return this.#once(f64x2.constant(value));
  }

  /** A whole number in every lane, in the same way. */
  whole(value: number): Code {
    return this.#once(i32x4.constant(value));
  }

  #once(code: Code): Code {
    const local = this.#constants.get(String(code)) ?? this.take(V128);
    this.#constants.set(String(code), local);
    return get(local);
  }

  /** The function, once its body is written. */
  function(body: Code): WasmFunction {
    const constants = [...this.#constants].flatMap(([code, local]) => set(local, code.split(',').map(Number)));
    return { parameters: this.#parameters, locals: this.#types, body: [...constants, ...body] };
  }
}

/** A module that imports `memory` from `host` and exports the functions by their names. */
export function assemble(functions: Readonly<Record<string, WasmFunction>>): WebAssembly.Module {
  const entries = Object.entries(functions);
  const bytes = (text: string) => [...unsigned(text.length), ...Buffer.from(text)];
  const section = (id: number, items: readonly Code[]) => {
    const content = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(content.length), ...content];
  };
  const types = entries.map(([, { parameters }]) => [0x60, ...unsigned(parameters), ...Array<number>(parameters).fill(I32), 0]);
  const bodies = entries.map(([, { locals, body }]) => {
    const content = [...unsigned(locals.length), ...locals.flatMap((type) => [1, type]), ...body, 0x0b];
    return [...unsigned(content.length), ...content];
  });
  return new WebAssembly.Module(
    Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, types),
      ...section(2, [[...bytes('host'), ...bytes('memory'), 2, 0, 1]]),
      ...section(3, [...entries.keys()].map(unsigned)),
      ...section(
        7,
        entries.map(([name], i) => [...bytes(name), 0, ...unsigned(i)]),
      ),
      ...section(10, bodies),
    ]),
  );
}

/** LEB128, as WebAssembly writes numbers. */
function unsigned(value: number): number[] {
  const result: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    result.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return result;
}

function signed(value: number): number[] {
  const result: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...result, low];
    result.push(low | 0x80);
  }
}
