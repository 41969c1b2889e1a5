/**
 * The orthogonal steps between a picture and its spectrum, in WebAssembly: four transforms at a time, one a lane. A column of the spectrum takes a
 * complex transform along its rows, a row of the picture a real one. What goes forward is the adjoint of what goes back, exactly as in the
 * graph (parameterisation/fourier.ts), of which these are the fast form: n·log n products instead of n².
 *
 * The transforms are Stockham's, which need no reordering (Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, § 1.7), with
 * radices 2 to 7; a real one of length n is a complex one of n/2 with its halves taken apart (§ 4.3). Nothing is normalised.
 */
import { advance, type Code, f32x4, get, I32, i32, Locals, set, times, transpose, V128, type WasmFunction } from '../../wasm/code.ts';

const FLOAT = 4;
/** Four float32 numbers. */
const QUARTET = 4 * FLOAT;
/** A complex number of four lanes. */
const PAIR = 2 * QUARTET;

/** Which way a transform goes: e^−i… from a picture to its spectrum, e^+i… back. */
export type Way = 'forward' | 'back';

/** The factors that a length falls into, large ones first; `undefined` where one is larger than 7. */
export function factorise(length: number): readonly number[] | undefined {
  const factors: number[] = [];
  let rest = length;
  for (const radix of [7, 5, 4, 3, 2]) {
    for (; rest % radix === 0; rest /= radix) factors.push(radix);
  }
  return rest === 1 ? factors : undefined;
}

/** Whether these loops can transform pictures of a size: four rows and columns at a time, in factors of at most 7. */
export function canTransform(size: number): boolean {
  return size % 4 === 0 && size >= 16 && factorise(size) !== undefined;
}

/** Columns of a spectrum as it lies in memory: `size/2 + 1`, rounded up to whole quartets. The rest is zero. */
export function spectrumStride(size: number): number {
  return 4 * Math.ceil((size / 2 + 1) / 4);
}

/** What {@link columns} reads while it runs. */
export function columnTwiddles(size: number, way: Way): readonly number[] {
  return stageTwiddles(size, way);
}

/** What {@link rows} reads while it runs: the transform's twiddles, and what exchanges the halves of a row, after it or before. */
export function rowTwiddles(size: number, way: Way): readonly number[] {
  const half = size / 2;
  const exchange = Array.from({ length: Math.floor(half / 2) }, (_, i) => {
    const angle = (2 * Math.PI * (i + 1)) / size;
    return [-Math.sin(angle), SIGN[way] * Math.cos(angle)];
  }).flat();
  const own = stageTwiddles(half, way);
  return way === 'forward' ? [...own, ...exchange] : [...exchange, ...own];
}

/** Of the exponent. */
const SIGN: Readonly<Record<Way, number>> = { forward: -1, back: 1 };

function stageTwiddles(length: number, way: Way): number[] {
  return stages(length).flatMap(({ radix, groups }) => {
    if (groups === 1) return [];
    return Array.from({ length: groups * (radix - 1) }, (_, i) => {
      const angle = (2 * Math.PI * Math.floor(i / (radix - 1)) * ((i % (radix - 1)) + 1)) / (groups * radix);
      return [Math.cos(angle), SIGN[way] * Math.sin(angle)];
    }).flat();
  });
}

interface Stage {
  readonly radix: number;
  /** What remains of the length after the stage. */
  readonly groups: number;
  /** The product of the radices before. */
  readonly stride: number;
}

function stages(length: number): Stage[] {
  let stride = 1;
  return (factorise(length) ?? []).map((radix) => {
    const stage = { radix, groups: length / (stride * radix), stride };
    stride *= radix;
    return stage;
  });
}

/** Where the elements of a transform lie: `base` is the local of the first one's address. Bytes. */
interface Elements {
  readonly base: number;
  readonly step: number;
  readonly imaginary: number;
}

/** A complex number of four lanes in two locals, and as code. */
type Complex = readonly [real: number, imaginary: number];
type ComplexCode = readonly [real: Code, imaginary: Code];

const { add, sub, mul, load, loadSplat, store } = f32x4;
const put = ([real, imaginary]: Complex, value: ComplexCode) => [...set(real, value[0]), ...set(imaginary, value[1])];
const both = ([a, b]: Complex, [c, d]: Complex, join: (left: Code, right: Code) => Code): ComplexCode => [
  join(get(a), get(c)),
  join(get(b), get(d)),
];
/** a − ib one way, a + ib the other. */
const turned = ([a, b]: Complex, [c, d]: Complex, way: Way): ComplexCode =>
  way === 'forward' ? [add(get(a), get(d)), sub(get(b), get(c))] : [sub(get(a), get(d)), add(get(b), get(c))];
const product = ([a, b]: Complex, [c, d]: Complex): ComplexCode => [
  sub(mul(get(a), get(c)), mul(get(b), get(d))),
  add(mul(get(a), get(d)), mul(get(b), get(c))),
];
const opposite = (way: Way): Way => (way === 'forward' ? 'back' : 'forward');

/** The locals that the stages of a transform share. */
interface Frame {
  readonly locals: Locals;
  readonly from: number;
  readonly to: number;
  readonly outer: number;
  readonly inner: number;
  /** The address of the twiddles that come next. */
  readonly twiddle: number;
  readonly values: readonly Complex[];
  readonly sums: readonly Complex[];
  readonly factors: readonly Complex[];
  readonly result: Complex;
}

function takeFrame(locals: Locals): Frame {
  const [from, to, outer, inner, twiddle] = locals.many(I32, 5);
  const complexes = (count: number) => Array.from({ length: count }, (): Complex => [locals.take(V128), locals.take(V128)]);
  const [result] = complexes(1);
  return { locals, from, to, outer, inner, twiddle, values: complexes(7), sums: complexes(4), factors: complexes(7), result };
}

/** A whole transform from one place to another; in between, two further places take turns. */
function transform(frame: Frame, length: number, way: Way, from: Elements, to: Elements, between: readonly Elements[]): Code {
  const all = stages(length);
  return all.flatMap((stage, i) =>
    runStage(frame, stage, way, i === 0 ? from : between[(i - 1) % 2], i === all.length - 1 ? to : between[i % 2]),
  );
}

/** One stage: `groups · stride` butterflies. */
function runStage(frame: Frame, { radix, groups, stride }: Stage, way: Way, source: Elements, target: Elements): Code {
  const { from, to, outer, inner, twiddle, factors, result } = frame;
  const values = frame.values.slice(0, radix);
  const read = values.flatMap((value, j) => {
    const at = j * groups * stride * source.step;
    return put(value, [load(get(from), at), load(get(from), at + source.imaginary)]);
  });
  const { prepare, results } = butterfly(values, frame, way);
  const write = results.flatMap((value, k) => {
    const at = k * stride * target.step;
    const keep = ([real, imaginary]: ComplexCode) => [...store(get(to), real, at), ...store(get(to), imaginary, at + target.imaginary)];
    return k === 0 || groups === 1 ? keep(value) : [...put(result, value), ...keep(product(result, factors[k]))];
  });
  const one = [...read, ...prepare, ...write, ...advance(from, source.step), ...advance(to, target.step)];
  const row = stride === 1 ? one : [...set(inner, i32.constant(stride)), ...times(inner, one)];
  const start = [...set(from, get(source.base)), ...set(to, get(target.base))];
  if (groups === 1) return [...start, ...row];
  const fetch = Array.from({ length: radix - 1 }, (_, k) =>
    put(factors[k + 1], [loadSplat(get(twiddle), 2 * FLOAT * k), loadSplat(get(twiddle), 2 * FLOAT * k + FLOAT)]),
  ).flat();
  const next = [...advance(twiddle, 2 * FLOAT * (radix - 1)), ...advance(to, target.step * stride * (radix - 1))];
  return [...start, ...set(outer, i32.constant(groups)), ...times(outer, [...fetch, ...row, ...next])];
}

/** The transform of two to seven values: code that comes first, and then the results. */
interface Butterfly {
  readonly prepare: Code;
  readonly results: readonly ComplexCode[];
}

function butterfly(values: readonly Complex[], frame: Frame, way: Way): Butterfly {
  const [a, b, c, d] = values;
  if (values.length === 2) return { prepare: [], results: [both(a, b, add), both(a, b, sub)] };
  if (values.length !== 4) return oddButterfly(values, frame, way);
  const [even, odd, evenLess, oddLess] = frame.sums;
  return {
    prepare: [
      ...put(even, both(a, c, add)),
      ...put(evenLess, both(a, c, sub)),
      ...put(odd, both(b, d, add)),
      ...put(oddLess, both(b, d, sub)),
    ],
    results: [both(even, odd, add), turned(evenLess, oddLess, way), both(even, odd, sub), turned(evenLess, oddLess, opposite(way))],
  };
}

/** An odd number of values: those at equal distances from both ends go together, for they share their cosines and sines. */
function oddButterfly(values: readonly Complex[], { sums, locals }: Frame, way: Way): Butterfly {
  const radix = values.length;
  const pairs = Array.from({ length: (radix - 1) / 2 }, (_, i) => i + 1);
  const [first] = values;
  const [total] = sums;
  const prepare = [
    ...put(total, [get(first[0]), get(first[1])]),
    ...pairs.flatMap((j) => [
      ...put(sums[j], both(values[j], values[radix - j], add)),
      ...put(values[radix - j], both(values[j], values[radix - j], sub)),
      ...put(total, both(total, sums[j], add)),
    ]),
  ];
  const angle = (j: number, k: number) => (2 * Math.PI * ((j * k) % radix)) / radix;
  const cosines = (k: number, part: 0 | 1) =>
    pairs.reduce((sum, j) => add(sum, mul(get(sums[j][part]), locals.constant(Math.cos(angle(j, k))))), get(first[part]));
  const sines = (k: number, part: 0 | 1) =>
    pairs.map((j) => mul(get(values[radix - j][part]), locals.constant(Math.sin(angle(j, k))))).reduce((sum, term) => add(sum, term));
  const results = values.map((_, k): ComplexCode => {
    if (k === 0) return [get(total[0]), get(total[1])];
    const [near, turn] = k <= pairs.length ? [k, way] : [radix - k, opposite(way)];
    return turn === 'forward'
      ? [add(cosines(near, 0), sines(near, 1)), sub(cosines(near, 1), sines(near, 0))]
      : [sub(cosines(near, 0), sines(near, 1)), add(cosines(near, 1), sines(near, 0))];
  });
  return { prepare, results };
}

/**
 * columns(source, target, quartets, work, twiddles): the complex transforms of all columns of a spectrum, `[2,size,stride]`. Source and target may be
 * one; `work` has room for `4 · size` quartets.
 */
export function columns(size: number, way: Way): WasmFunction {
  const [source, target, quartets, work, factors] = [0, 1, 2, 3, 4];
  const locals = new Locals(5);
  const frame = takeFrame(locals);
  const second = locals.take(I32);
  const row = FLOAT * spectrumStride(size);
  const side = (base: number): Elements => ({ base, step: row, imaginary: row * size });
  const body = [
    ...set(second, i32.add(get(work), i32.constant(PAIR * size))),
    ...times(quartets, [
      ...set(frame.twiddle, get(factors)),
      ...transform(frame, size, way, side(source), side(target), [pairsAt(work), pairsAt(second)]),
      ...advance(source, QUARTET),
      ...advance(target, QUARTET),
    ]),
  ];
  return locals.function(body);
}

const pairsAt = (base: number): Elements => ({ base, step: PAIR, imaginary: QUARTET });

/** Four rows of numbers in memory, beside the same numbers in work memory, where those of the four rows lie together. */
interface Turn {
  /** Locals: the first row's address, and that of the first quartet in work memory. */
  readonly lines: number;
  readonly quartets: number;
  /** Bytes from there to the first that is meant. */
  readonly lineOffset?: number;
  readonly quartetOffset?: number;
  /** Bytes between rows, and between quartets. */
  readonly row: number;
  readonly step: number;
  /** Numbers of a row, a multiple of four. */
  readonly count: number;
}

/** Locals for moving numbers between rows and quartets. */
interface Turner {
  readonly line: number;
  readonly quartet: number;
  readonly count: number;
  readonly lanes: readonly number[];
  readonly spare: readonly number[];
}

function turnRows(turner: Turner, turn: Turn, into: 'quartets' | 'lines'): Code {
  const { line, quartet, count, lanes, spare } = turner;
  const [from, to] = into === 'quartets' ? [line, quartet] : [quartet, line];
  const [fromStep, toStep] = into === 'quartets' ? [turn.row, turn.step] : [turn.step, turn.row];
  return [
    ...set(line, i32.add(get(turn.lines), i32.constant(turn.lineOffset ?? 0))),
    ...set(quartet, i32.add(get(turn.quartets), i32.constant(turn.quartetOffset ?? 0))),
    ...set(count, i32.constant(turn.count / 4)),
    ...times(count, [
      ...lanes.flatMap((lane, i) => set(lane, load(get(from), i * fromStep))),
      ...transpose(lanes, spare),
      ...lanes.flatMap((lane, i) => store(get(to), get(lane), i * toStep)),
      ...advance(line, QUARTET),
      ...advance(quartet, 4 * turn.step),
    ]),
  ];
}

/**
 * Between the transform of a row's values taken two by two as complex numbers, Z of length h, and the row's own, X of length h + 1: with
 * t = ∓i·e^(∓2πik/n), each of Z_k + Z̄_(h−k) ± t·(Z_k − Z̄_(h−k)) is one of X, twice as large where it stands for its conjugate too. In place;
 * the same both ways but for t.
 */
function exchangeHalves(frame: Frame, half: number, base: number): Code {
  const { from: up, to: down, outer: count, twiddle, values, sums } = frame;
  const [near, far, turn, rest] = values;
  const [sum, difference] = sums;
  const at = (address: number, [real, imaginary]: Complex) => [
    ...set(real, load(get(address))),
    ...set(imaginary, load(get(address), QUARTET)),
  ];
  const keep = (address: number, real: Code, imaginary: Code) => [...store(get(address), real), ...store(get(address), imaginary, QUARTET)];
  return [
    ...set(up, i32.add(get(base), i32.constant(PAIR))),
    ...set(down, i32.add(get(base), i32.constant(PAIR * (half - 1)))),
    ...set(count, i32.constant(Math.floor(half / 2))),
    ...times(count, [
      ...at(up, near),
      ...at(down, far),
      ...put(turn, [loadSplat(get(twiddle)), loadSplat(get(twiddle), FLOAT)]),
      ...put(sum, [add(get(near[0]), get(far[0])), sub(get(near[1]), get(far[1]))]),
      ...put(difference, [sub(get(near[0]), get(far[0])), add(get(near[1]), get(far[1]))]),
      ...put(rest, product(difference, turn)),
      ...keep(up, add(get(sum[0]), get(rest[0])), add(get(sum[1]), get(rest[1]))),
      ...keep(down, sub(get(sum[0]), get(rest[0])), sub(get(rest[1]), get(sum[1]))),
      ...advance(up, PAIR),
      ...advance(down, -PAIR),
      ...advance(twiddle, 2 * FLOAT),
    ]),
  ];
}

/**
 * rows(picture, spectrum, quartets, work, twiddles): the transforms of a picture's rows, `[size,size]`, to those of a spectrum, `[2,size,stride]`,
 * or back. Columns between the first and the last count twice, for their conjugates; the rest of the stride becomes zero.
 */
export function rows(size: number, way: Way): WasmFunction {
  const [picture, spectrum, quartets, work, factors] = [0, 1, 2, 3, 4];
  const locals = new Locals(5);
  const frame = takeFrame(locals);
  const [second, line, quartet, count] = locals.many(I32, 4);
  const turner = { line, quartet, count, lanes: locals.many(V128, 4), spare: locals.many(V128, 4) };
  const half = size / 2;
  const stride = spectrumStride(size);
  const row = FLOAT * stride;
  const [a, b] = [pairsAt(work), pairsAt(second)];
  // Stages take turns between the two halves of the work memory, so that their number says where they end.
  const end = stages(half).length % 2 === 0 ? a : b;
  const through = transform(frame, half, way, a, end, [b, a]);
  const pixels = (at: Elements): Turn => ({ lines: picture, quartets: at.base, row: FLOAT * size, step: QUARTET, count: size });
  const part = (at: Elements, k: 0 | 1): Turn => ({
    lines: spectrum,
    lineOffset: k * row * size,
    quartets: at.base,
    quartetOffset: k * QUARTET,
    row,
    step: PAIR,
    count: stride,
  });
  const zero = locals.constant(0);
  const [first, last] = frame.values;
  const pair = (address: number, element: number, real: Code, imaginary: Code) => [
    ...store(get(address), real, PAIR * element),
    ...store(get(address), imaginary, PAIR * element + QUARTET),
  ];
  const beyond = Array.from({ length: stride - half - 1 }, (_, i) => half + 1 + i);
  const forward = [
    ...turnRows(turner, pixels(a), 'quartets'),
    ...through,
    ...set(first[0], load(get(end.base))),
    ...set(first[1], load(get(end.base), QUARTET)),
    ...pair(end.base, 0, add(get(first[0]), get(first[1])), zero),
    ...pair(end.base, half, sub(get(first[0]), get(first[1])), zero),
    ...exchangeHalves(frame, half, end.base),
    ...beyond.flatMap((element) => pair(end.base, element, zero, zero)),
    ...turnRows(turner, part(end, 0), 'lines'),
    ...turnRows(turner, part(end, 1), 'lines'),
  ];
  const back = [
    ...turnRows(turner, part(a, 0), 'quartets'),
    ...turnRows(turner, part(a, 1), 'quartets'),
    ...set(first[0], load(get(work))),
    ...set(last[0], load(get(work), PAIR * half)),
    ...pair(work, 0, add(get(first[0]), get(last[0])), sub(get(first[0]), get(last[0]))),
    ...exchangeHalves(frame, half, work),
    ...through,
    ...turnRows(turner, pixels(end), 'lines'),
  ];
  return locals.function([
    ...set(second, i32.add(get(work), i32.constant(PAIR * size))),
    ...times(quartets, [
      ...set(frame.twiddle, get(factors)),
      ...(way === 'forward' ? forward : back),
      ...advance(picture, 4 * FLOAT * size),
      ...advance(spectrum, 4 * row),
    ]),
  ]);
}
