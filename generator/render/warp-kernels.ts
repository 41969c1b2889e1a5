/**
 * The warp and its adjoint on the host, in WebAssembly. The planes of a picture lie beside each other, four values to a pixel, so that a pixel is
 * read, weighed and written at once; what goes in and comes out is plane by plane. The same sums as the loops of transformation.ts, in float32.
 */

import type { RenderSettings } from '../../data/schema.ts';
import { applyWarpAdjointAt, applyWarpAt, canvasSize, type Warp } from './transformation.ts';
import { assemble, type Code, clear, f32x4, get, I32, i32, repeatWhile, set, V128 } from './wasm.ts';

/** Planes that a pixel holds. */
const LANES = 4;
const FLOAT = 4;

export interface WarpKernels {
  /** The matrix to apply, for {@link fillWarp}. */
  readonly warp: Warp;
  /** `canvases` times `[planes,canvas,canvas]`. */
  readonly canvas: Float32Array<ArrayBuffer>;
  /** `[planes,size,size]`. */
  readonly gradient: Float32Array<ArrayBuffer>;
  /** Writes what a picture, `[planes,size,size]`, looks like, `· scale + offset` by the plane's colour, into canvas number `index`. */
  apply(picture: Float32Array, scale: readonly number[], offset: readonly number[], index: number): void;
  /** Writes the gradient by the picture into {@link gradient}, given that by its canvas, `[planes,canvas,canvas]`. */
  applyAdjoint(canvasGradient: Float32Array, scale: readonly number[]): void;
  /** Gives the memory back; nothing of this may be used afterwards. */
  dispose(): void;
}

/** Takes memory for pictures of `planes` planes each and compiles the loops. */
export function openWarpKernels(settings: RenderSettings, planes: number, canvases: number): WarpKernels {
  const area = settings.size ** 2;
  const positions = canvasSize(settings) ** 2;
  const places = new Places();
  const factors = places.take(2 * LANES);
  const spare = places.take(Math.max(area, positions));
  const indices = places.take(4 * positions);
  const weights = places.take(4 * positions);
  const rest = places.take(positions);
  const texels = places.take(LANES * area);
  const canvas = places.take(canvases * planes * positions);
  const gradient = places.take(planes * area);
  const picture = places.take(planes * area);
  const canvasGradient = places.take(planes * positions);
  const memory = takeMemory(places.pages());
  let held = true;
  const kernels = new WebAssembly.Instance(MODULE, { host: { memory } }).exports as unknown as Kernels;
  const floats = (start: number, length: number) => new Float32Array(memory.buffer as ArrayBuffer, start, length);
  const warp: Warp = {
    indices: new Int32Array(memory.buffer as ArrayBuffer, indices, 4 * positions),
    weights: floats(weights, 4 * positions),
    rest: floats(rest, positions),
  };
  const views = {
    factors: floats(factors, 2 * LANES),
    canvas: floats(canvas, canvases * planes * positions),
    gradient: floats(gradient, planes * area),
    picture: floats(picture, planes * area),
    canvasGradient: floats(canvasGradient, planes * positions),
    texels: floats(texels, LANES * area),
  };
  /** The addresses of four planes from `first` on, each of `length` values; there being fewer, the others lie where nobody looks. */
  const lanes = (start: number, first: number, length: number) =>
    Array.from({ length: LANES }, (_, lane) => (first + lane < planes ? start + FLOAT * (first + lane) * length : spare));
  const setFactors = (first: number, scale: readonly number[], offset: readonly number[]) => {
    for (let lane = 0; lane < LANES; lane++) {
      views.factors[lane] = scale[(first + lane) % scale.length];
      views.factors[LANES + lane] = offset[(first + lane) % offset.length];
    }
  };
  return {
    warp,
    canvas: views.canvas,
    gradient: views.gradient,
    apply: (from, scale, offset, index) => {
      views.picture.set(from);
      const to = canvas + FLOAT * index * planes * positions;
      for (let first = 0; first < planes; first += LANES) {
        setFactors(first, scale, offset);
        kernels.interleave(texels, area >> 2, ...lanes(picture, first, area));
        for (let p = area & ~3; p < area; p++)
          for (let lane = 0; lane < LANES && first + lane < planes; lane++)
            views.texels[LANES * p + lane] = views.picture[(first + lane) * area + p];
        kernels.apply(indices, weights, rest, positions >> 2, texels, factors, ...lanes(to, first, positions));
      }
      const own = views.canvas.subarray(index * planes * positions, (index + 1) * planes * positions);
      if (positions & 3) applyWarpAt(positions & ~3, warp, views.picture, planes, scale, offset, own);
    },
    applyAdjoint: (from, scale) => {
      views.canvasGradient.set(from);
      for (let first = 0; first < planes; first += LANES) {
        setFactors(first, scale, [0]);
        kernels.adjoint(
          indices,
          weights,
          positions >> 2,
          texels,
          LANES * FLOAT * area,
          factors,
          ...lanes(canvasGradient, first, positions),
        );
        kernels.separate(texels, area >> 2, ...lanes(gradient, first, area));
        for (let p = area & ~3; p < area; p++)
          for (let lane = 0; lane < LANES && first + lane < planes; lane++)
            views.gradient[(first + lane) * area + p] = views.texels[LANES * p + lane];
      }
      if (positions & 3) applyWarpAdjointAt(positions & ~3, warp, views.canvasGradient, planes, scale, views.gradient);
    },
    dispose: () => {
      if (held) IDLE.push(memory);
      held = false;
    },
  };
}

/**
 * Memories that nobody holds. V8 reserves some eight gigabytes of addresses for each, until it gets round to collecting it: under a limit of
 * addresses a second would be refused.
 */
const IDLE: WebAssembly.Memory[] = [];
const PAGE = 2 ** 16;

/** A memory of at least `pages` pages of zeros. */
function takeMemory(pages: number): WebAssembly.Memory {
  const memory = IDLE.pop();
  if (!memory) return new WebAssembly.Memory({ initial: pages });
  const lacking = pages - memory.buffer.byteLength / PAGE;
  if (lacking > 0) memory.grow(lacking);
  new Uint8Array(memory.buffer).fill(0);
  return memory;
}

type Loop = (...values: number[]) => void;
type Kernels = Readonly<Record<'interleave' | 'separate' | 'apply' | 'adjoint', Loop>>;

/** Gives out places in a memory that does not grow: growing would take the arrays over it from whoever holds them. */
class Places {
  #end = 0;
  take(floats: number): number {
    const start = this.#end;
    this.#end += 16 * Math.ceil((floats * FLOAT) / 16);
    return start;
  }
  pages(): number {
    return Math.ceil(this.#end / PAGE);
  }
}

/** The four values in `locals`, each with four lanes, turned about: value k gets lane k of each. */
function transpose(locals: readonly number[], spare: readonly number[]): Code {
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

const advance = (local: number, bytes: number) => set(local, i32.add(get(local), i32.constant(bytes)));
const QUARTET = 4 * FLOAT;

/** Runs `body` `count` times (once at least), counting down. */
const times = (count: number, body: Code): Code => repeatWhile([...body, ...advance(count, -1)], i32.below(i32.constant(0), get(count)));

const v128s = (count: number) => Array<typeof V128>(count).fill(V128);

/** interleave(texels, quads, planes…) and separate(texels, quads, planes…): from planes to pixels of four values, and back. */
function turn(toTexels: boolean): { parameters: number; locals: readonly (typeof V128)[]; body: Code } {
  const [texels, quads, planes, values, spare] = [0, 1, [2, 3, 4, 5], [6, 7, 8, 9], [10, 11, 12, 13]] as const;
  const read = (k: number) => (toTexels ? f32x4.load(get(planes[k])) : f32x4.load(get(texels), QUARTET * k));
  const write = (k: number, value: Code) => (toTexels ? f32x4.store(get(texels), value, QUARTET * k) : f32x4.store(get(planes[k]), value));
  return {
    parameters: 6,
    locals: v128s(8),
    body: times(quads, [
      ...values.flatMap((value, k) => set(value, read(k))),
      ...transpose(values, spare),
      ...values.flatMap((value, k) => write(k, get(value))),
      ...planes.flatMap((plane) => advance(plane, QUARTET)),
      ...advance(texels, 4 * QUARTET),
    ]),
  };
}

/** The address of the pixel that entry k of the p-th position at `indices` names. */
const texel = (indices: number, texels: number, p: number, k: number) =>
  i32.add(get(texels), i32.shiftLeft(i32.load(get(indices), QUARTET * p + FLOAT * k), 4));

/** apply(indices, weights, rest, quads, texels, factors, planes…). */
function applyLoop() {
  const [indices, weights, rest, quads, texels, factors] = [0, 1, 2, 3, 4, 5];
  const [planes, values, spare] = [
    [6, 7, 8, 9],
    [10, 11, 12, 13],
    [14, 15, 16, 17],
  ];
  const term = (p: number, k: number) =>
    f32x4.mul(f32x4.loadSplat(get(weights), QUARTET * p + FLOAT * k), f32x4.load(texel(indices, texels, p, k)));
  const sum = (p: number) => [1, 2, 3].reduce((before, k) => f32x4.add(before, term(p, k)), term(p, 0));
  return {
    parameters: 10,
    locals: v128s(8),
    body: times(quads, [
      ...values.flatMap((value, p) => set(value, sum(p))),
      ...transpose(values, spare),
      ...values.flatMap((value, lane) => {
        const seen = f32x4.add(get(value), f32x4.load(get(rest)));
        const scaled = f32x4.mul(seen, f32x4.loadSplat(get(factors), FLOAT * lane));
        return f32x4.store(get(planes[lane]), f32x4.add(scaled, f32x4.loadSplat(get(factors), FLOAT * (LANES + lane))));
      }),
      ...planes.flatMap((plane) => advance(plane, QUARTET)),
      ...advance(indices, 4 * QUARTET),
      ...advance(weights, 4 * QUARTET),
      ...advance(rest, QUARTET),
    ]),
  };
}

/** adjoint(indices, weights, quads, texels, bytes of the texels, factors, planes…): what is there is cleared first. */
function adjointLoop() {
  const [indices, weights, quads, texels, length, factors] = [0, 1, 2, 3, 4, 5];
  const [planes, values, spare, address] = [[6, 7, 8, 9], [10, 11, 12, 13], [14, 15, 16, 17], 18];
  const spread = (p: number, k: number) => [
    ...set(address, texel(indices, texels, p, k)),
    ...f32x4.store(
      get(address),
      f32x4.add(f32x4.load(get(address)), f32x4.mul(f32x4.loadSplat(get(weights), QUARTET * p + FLOAT * k), get(values[p]))),
    ),
  ];
  return {
    parameters: 10,
    locals: [...v128s(8), I32] as const,
    body: [
      ...clear(get(texels), get(length)),
      ...times(quads, [
        ...values.flatMap((value, lane) =>
          set(value, f32x4.mul(f32x4.load(get(planes[lane])), f32x4.loadSplat(get(factors), FLOAT * lane))),
        ),
        ...transpose(values, spare),
        ...[0, 1, 2, 3].flatMap((p) => [0, 1, 2, 3].flatMap((k) => spread(p, k))),
        ...planes.flatMap((plane) => advance(plane, QUARTET)),
        ...advance(indices, 4 * QUARTET),
        ...advance(weights, 4 * QUARTET),
      ]),
    ],
  };
}

const MODULE = assemble({ interleave: turn(true), separate: turn(false), apply: applyLoop(), adjoint: adjointLoop() });
