/**
 * The gradient of a maximum over square windows, in blocks of channels: `[N, C/block, H, W, block]`. As in gradient/rules/max-pool.ts, one axis
 * after the other and with the same sums in the same order: of a window's gradient g its own position gets g − m, where m is what that one missed
 * for being below the maximum, the other beside it m − l, and the third l, which both of them missed. Here it is one pass: a row of windows goes
 * along the columns, and what comes of that down the rows, while all of it is in the cache.
 */
import { advance, assemble, type Code, f32x4, get, I32, i32, Locals, set, times, V128, type WasmFunction } from './code.ts';
import type { KernelMemory, Places } from './memory.ts';

const FLOAT = 4;
const LANES = 4;
/** Bytes of four values. */
const QUARTET = LANES * FLOAT;

/** Windows of either axis. There are loops for three positions at stride 1 with padding and at stride 2 with or without, and for two at stride 2 without. */
export interface PoolWindow {
  /** Positions of a window. */
  readonly window: 2 | 3;
  readonly stride: 1 | 2;
  /** Positions of padding before the first. */
  readonly before: 0 | 1;
  /** Channels of a block: a multiple of 4. */
  readonly block: number;
  /** Whether a position gets nothing where its x is not above 0, as what a ReLU makes hands on. */
  readonly gated?: boolean;
}

/** Where the numbers lie: x and its gradient, `stride` times as long along either axis as what there is of windows. */
export interface PoolPlace extends PoolWindow {
  readonly value: number;
  readonly gradient: number;
  readonly result: number;
  /** Rows and columns of windows. */
  readonly rows: number;
  readonly columns: number;
  /** Blocks of all pictures. */
  readonly planes: number;
}

/** What windows hand on along an axis: the last one's gradient, m and l, and the l before that. At stride 2 it is l alone. */
const HANDED_ON = ['last', 'gradient', 'missed', 'lastBefore'] as const;
type HandedOn = Readonly<Record<(typeof HANDED_ON)[number], number>>;

function handedOn({ stride }: PoolWindow): readonly (keyof HandedOn)[] {
  return stride === 1 ? HANDED_ON : HANDED_ON.slice(0, 1);
}

/** The locals of a window's step, four channels each. */
interface Step {
  /** The window's own position, and the one beside it: before, where there is padding, else behind. */
  readonly own: number;
  readonly other: number;
  readonly largest: number;
  readonly gradient: number;
  readonly missed: number;
  readonly last: number;
  readonly from: HandedOn;
  readonly nothing: Code;
}

function takeStep(locals: Locals): Step {
  const [own, other, largest, gradient, missed, last, ...rest] = locals.many(V128, 6 + HANDED_ON.length);
  const from = Object.fromEntries(HANDED_ON.map((name, i) => [name, rest[i]])) as Record<keyof HandedOn, number>;
  return { own, other, largest, gradient, missed, last, from, nothing: locals.constant(0) };
}

/** A window's m and l. */
function divide({ window }: PoolWindow, { own, other, largest, gradient, missed, last, nothing }: Step): Code {
  return [
    ...set(missed, f32x4.and(get(gradient), f32x4.below(get(own), get(largest)))),
    ...set(last, window === 2 ? nothing : f32x4.and(get(missed), f32x4.below(get(other), get(largest)))),
  ];
}

/** What a window's step gives to positions: its own, and the one beside it. */
function given({ stride, before }: PoolWindow, { gradient, missed, last, from }: Step): { own?: Code; other: Code } {
  const kept = f32x4.sub(get(gradient), get(missed));
  if (stride === 1) return { other: summed(from, get(missed), get(last)) };
  if (before === 1) return { own: kept, other: f32x4.add(f32x4.sub(get(from.last), get(last)), get(missed)) };
  return { own: f32x4.add(kept, get(from.last)), other: f32x4.sub(get(missed), get(last)) };
}

/** At stride 1, what the own position of the window before gets. */
function summed({ gradient, missed, lastBefore }: HandedOn, nextMissed: Code, nextLast: Code): Code {
  return f32x4.add(f32x4.add(get(gradient), f32x4.sub(nextMissed, get(missed))), f32x4.sub(get(lastBefore), nextLast));
}

/** What a window hands on to the next. */
function handOn(window: PoolWindow, { gradient, missed, last, from }: Step): Code {
  return [
    ...(window.stride === 1
      ? [...set(from.gradient, get(gradient)), ...set(from.missed, get(missed)), ...set(from.lastBefore, get(from.last))]
      : []),
    ...set(from.last, get(last)),
  ];
}

/** What the last position gets where there is padding: no window comes behind it. */
function closing({ stride }: PoolWindow, { from, nothing }: Step): Code {
  return stride === 1 ? summed(from, nothing, nothing) : get(from.last);
}

/** highest(a, b, c, result, quartets): the largest of three rows at each position. */
function highest(): WasmFunction {
  const [a, b, c, result, quartets] = [0, 1, 2, 3, 4];
  return new Locals(5).function(
    times(quartets, [
      ...f32x4.store(get(result), f32x4.max(f32x4.max(f32x4.load(get(a)), f32x4.load(get(b))), f32x4.load(get(c)))),
      ...[a, b, c, result].flatMap((address) => advance(address, QUARTET)),
    ]),
  );
}

/** along(x, gradients, result, windows): a row of windows. `x` and `result` are addresses a pixel before the first position, which is read and written. */
function along(window: PoolWindow): WasmFunction {
  const [x, gradients, result, windows] = [0, 1, 2, 3];
  const locals = new Locals(4);
  const [atX, atGradient, atResult, left] = Array.from({ length: 4 }, () => locals.take(I32));
  const step = takeStep(locals);
  const pixel = window.block * FLOAT;
  const [other, third] = window.before === 1 ? [0, 2 * pixel] : [2 * pixel, 3 * pixel];
  const { own: toOwn, other: toOther } = given(window, step);
  const highestOfTwo = f32x4.max(get(step.own), get(step.other));
  const quartet = (at: number): Code => [
    ...set(atX, get(x)),
    ...set(atGradient, get(gradients)),
    ...set(atResult, get(result)),
    ...set(left, get(windows)),
    ...handedOn(window).flatMap((name) => set(step.from[name], step.nothing)),
    ...times(left, [
      ...set(step.own, f32x4.load(get(atX), at + pixel)),
      ...set(step.other, f32x4.load(get(atX), at + other)),
      ...set(step.largest, window.window === 2 ? highestOfTwo : f32x4.max(highestOfTwo, f32x4.load(get(atX), at + third))),
      ...set(step.gradient, f32x4.load(get(atGradient), at)),
      ...divide(window, step),
      ...(toOwn ? f32x4.store(get(atResult), toOwn, at + pixel) : []),
      ...f32x4.store(get(atResult), toOther, at + other),
      ...handOn(window, step),
      ...[atX, atResult].flatMap((address) => advance(address, window.stride * pixel)),
      ...advance(atGradient, pixel),
    ]),
    ...(window.before === 1 ? f32x4.store(get(atResult), closing(window, step), at) : []),
  ];
  return locals.function(Array.from({ length: window.block / LANES }, (_, i) => quartet(i * QUARTET)).flat());
}

/** What a position gets, given its x. */
function gate({ gated }: PoolWindow, { nothing }: Step, x: Code, value: Code): Code {
  return gated ? f32x4.and(value, f32x4.above(x, nothing)) : value;
}

/** down(own, other, largest, gradients, from, toOwn, toOther, length, quartets): windows of a row each; at `from` are rows of what is handed on, each `length` bytes after the one before. */
function down(window: PoolWindow): WasmFunction {
  const [own, other, largest, gradients, from, toOwn, toOther, length, quartets] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const locals = new Locals(9);
  const step = takeStep(locals);
  const kept = keep(window, step, locals, from, length);
  const to = given(window, step);
  return locals.function([
    ...kept.begin,
    ...times(quartets, [
      ...set(step.own, f32x4.load(get(own))),
      ...set(step.other, f32x4.load(get(other))),
      ...set(step.largest, f32x4.load(get(largest))),
      ...set(step.gradient, f32x4.load(get(gradients))),
      ...kept.load,
      ...divide(window, step),
      ...(to.own ? f32x4.store(get(toOwn), gate(window, step, get(step.own), to.own)) : []),
      ...f32x4.store(get(toOther), gate(window, step, get(step.other), to.other)),
      ...handOn(window, step),
      ...kept.store,
      ...[own, other, largest, gradients, toOwn, toOther].flatMap((address) => advance(address, QUARTET)),
      ...kept.advance,
    ]),
  ]);
}

/** close(x, from, result, length, quartets): the last row. */
function close(window: PoolWindow): WasmFunction {
  const [x, from, result, length, quartets] = [0, 1, 2, 3, 4];
  const locals = new Locals(5);
  const step = takeStep(locals);
  const kept = keep(window, step, locals, from, length);
  return locals.function([
    ...kept.begin,
    ...times(quartets, [
      ...kept.load,
      ...f32x4.store(get(result), gate(window, step, f32x4.load(get(x)), closing(window, step))),
      ...[x, result].flatMap((address) => advance(address, QUARTET)),
      ...kept.advance,
    ]),
  ]);
}

/** Reading and writing what is handed on in memory, a row of each. */
function keep(window: PoolWindow, { from }: Step, locals: Locals, start: number, length: number) {
  const rows = handedOn(window).map((name) => ({ local: from[name], address: locals.take(I32) }));
  return {
    begin: rows.flatMap(({ address }, i) => set(address, i === 0 ? get(start) : i32.add(get(rows[i - 1].address), get(length)))),
    load: rows.flatMap(({ local, address }) => set(local, f32x4.load(get(address)))),
    store: rows.flatMap(({ local, address }) => f32x4.store(get(address), get(local))),
    advance: rows.flatMap(({ address }) => advance(address, QUARTET)),
  };
}

type Kernels = Record<'highest' | 'along' | 'down' | 'close', (...numbers: number[]) => void>;

/** Rows of scratch: the maxima of a row of windows, what comes along it, rows that are not there to be read or written, and what is handed on. */
const SCRATCH = ['maxima', 'gradients', 'lowest', 'spare', ...HANDED_ON] as const;

/** Takes places for windows of so many numbers a row of x, at most. */
export function placePools(longest: number, places: Places): { start: number; row: number } {
  return { start: places.take(SCRATCH.length * longest), row: FLOAT * longest };
}

/** Numbers of scratch a row of x takes: a pixel before and one behind it are read and written too. */
export function scratchRow({ columns, stride, block }: Pick<PoolPlace, 'columns' | 'stride' | 'block'>): number {
  return (stride * columns + 2) * block;
}

/** Loops that write the gradient of x by that of its windows. */
export function openPoolKernels({ start, row }: { start: number; row: number }, memory: KernelMemory): (place: PoolPlace) => void {
  const opened = new Map<string, Kernels>();
  const open = (window: PoolWindow): Kernels => {
    const key = `${window.window} ${window.stride} ${window.before} ${window.block} ${window.gated}`;
    const known = opened.get(key);
    if (known) return known;
    const module = assemble({ highest: highest(), along: along(window), down: down(window), close: close(window) });
    const kernels = new WebAssembly.Instance(module, { host: { memory: memory.memory } }).exports as unknown as Kernels;
    opened.set(key, kernels);
    return kernels;
  };
  const [maxima, gradients, lowest, spare, from] = SCRATCH.map((_, i) => start + i * row);
  const unreached = [maxima, lowest].map((address) => memory.floats(address, row / FLOAT));
  return (place) => {
    const { value, gradient, result, rows, columns, planes, window, stride, before, block } = place;
    const kernels = open(place);
    const pixel = block * FLOAT;
    const [windowRow, valueRow] = [columns * pixel, stride * columns * pixel];
    const last = stride * rows - 1;
    const kept = memory.floats(from, (handedOn(place).length * row) / FLOAT);
    const quartets = valueRow / QUARTET;
    for (const floats of unreached) floats.fill(Number.NEGATIVE_INFINITY);
    for (let plane = 0; plane < planes; plane++) {
      const [values, results] = [value, result].map((address) => address + plane * (last + 1) * valueRow);
      kept.fill(0);
      for (let i = 0; i < rows; i++) {
        const own = stride * i;
        const other = before === 1 ? own - 1 : own + 1;
        const third = before === 1 ? own + 1 : own + 2;
        const at = (index: number, otherwise: number) => (index >= 0 && index <= last ? values + index * valueRow : otherwise);
        const itself = at(own, 0);
        kernels.highest(itself, at(other, itself), window === 3 ? at(third, itself) : itself, maxima + pixel, quartets);
        kernels.along(maxima, gradient + (plane * rows + i) * windowRow, gradients, columns);
        const toOther = other >= 0 ? results + other * valueRow : spare;
        kernels.down(itself, at(other, lowest), maxima + pixel, gradients + pixel, from, results + own * valueRow, toOther, row, quartets);
      }
      if (before === 1) kernels.close(values + last * valueRow, from, results + last * valueRow, row, quartets);
    }
  };
}
