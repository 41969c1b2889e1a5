/**
 * The warp and its adjoint on the host, in WebAssembly. The planes of a picture lie beside each other, four values to a pixel, so that a pixel is
 * read, weighed and written at once; what goes in and comes out is plane by plane. The same sums as the loops of transformation.ts, in float32.
 */

import type { RenderSettings } from '../../../data/schema.ts';
import {
  advance,
  assemble,
  type Code,
  clear,
  f32x4,
  f64x2,
  get,
  I32,
  i32,
  i32x4,
  Locals,
  set,
  times,
  transpose,
  V128,
  type WasmFunction,
} from '../../wasm/code.ts';
import type { KernelMemory, Places } from '../../wasm/memory.ts';
import {
  applyWarpAdjointAt,
  applyWarpAt,
  canvasSize,
  fillWarp,
  type Placement,
  placementOf,
  type Transformation,
  type Warp,
} from '../transformation.ts';

/** Planes that a pixel holds. */
const LANES = 4;
const FLOAT = 4;

export interface WarpKernels {
  /** The matrix that is applied. */
  readonly warp: Warp;
  /** Fills the matrix for a transformation, as `fillWarp` does, to the bit. */
  fill(transformation: Transformation): void;
  /** `canvases` times `[planes,canvas,canvas]`. */
  readonly canvas: Float32Array<ArrayBuffer>;
  /** `[planes,size,size]`. */
  readonly gradient: Float32Array<ArrayBuffer>;
  /** Writes what a picture, `[planes,size,size]`, looks like, `· scale + offset` by the plane's colour, into canvas number `index`. */
  apply(picture: Float32Array, scale: readonly number[], offset: readonly number[], index: number): void;
  /** Writes the gradient by the picture into {@link gradient}, given that by its canvas, `[planes,canvas,canvas]`. */
  applyAdjoint(canvasGradient: Float32Array, scale: readonly number[]): void;
}

/** Float64 numbers that say where positions lie. */
const PLACEMENT = 6;

/** Places for pictures of `planes` planes each. */
export function placeWarp(settings: RenderSettings, planes: number, canvases: number, places: Places) {
  const area = settings.size ** 2;
  const positions = canvasSize(settings) ** 2;
  return {
    area,
    positions,
    planes,
    canvases,
    settings,
    placement: places.take(2 * PLACEMENT),
    factors: places.take(2 * LANES),
    spare: places.take(Math.max(area, positions)),
    indices: places.take(4 * positions),
    weights: places.take(4 * positions),
    rest: places.take(positions),
    texels: places.take(LANES * area),
    canvas: places.take(canvases * planes * positions),
    gradient: places.take(planes * area),
    picture: places.take(planes * area),
    canvasGradient: places.take(planes * positions),
  };
}

/** Makes the loops over places in a memory. */
export function openWarpKernels(place: ReturnType<typeof placeWarp>, memory: KernelMemory): WarpKernels {
  const { area, positions, planes, canvases, factors, spare, indices, weights, rest, texels, canvas, gradient, settings } = place;
  const kernels = new WebAssembly.Instance(MODULE, { host: { memory: memory.memory } }).exports as unknown as Kernels;
  const warp: Warp = {
    indices: memory.integers(indices, 4 * positions),
    weights: memory.floats(weights, 4 * positions),
    rest: memory.floats(rest, positions),
  };
  const views = {
    factors: memory.floats(factors, 2 * LANES),
    canvas: memory.floats(canvas, canvases * planes * positions),
    gradient: memory.floats(gradient, planes * area),
    picture: memory.floats(place.picture, planes * area),
    canvasGradient: memory.floats(place.canvasGradient, planes * positions),
    texels: memory.floats(texels, LANES * area),
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
  /** An array's address; one from elsewhere is copied to `view` first. */
  const within = (values: Float32Array, view: Float32Array<ArrayBuffer>): number => {
    const address = memory.addressOf(values);
    if (address === undefined) view.set(values);
    return address ?? view.byteOffset;
  };
  const placement = new Float64Array(memory.memory.buffer as ArrayBuffer, place.placement, PLACEMENT);
  return {
    warp,
    fill: (transformation) => {
      const where = placementOf(transformation, settings);
      if (!reflectsOnce(where, settings)) return void fillWarp(transformation, settings, warp);
      placement.set([where.cosine, where.sine, ...where.origin, ...where.first]);
      const canvas = canvasSize(settings);
      kernels.fill(place.placement, indices, weights, canvas, canvas / 2, settings.size);
    },
    canvas: views.canvas,
    gradient: views.gradient,
    apply: (from, scale, offset, index) => {
      const picture = within(from, views.picture);
      const to = canvas + FLOAT * index * planes * positions;
      for (let first = 0; first < planes; first += LANES) {
        setFactors(first, scale, offset);
        kernels.interleave(texels, area >> 2, ...lanes(picture, first, area));
        for (let p = area & ~3; p < area; p++)
          for (let lane = 0; lane < LANES && first + lane < planes; lane++)
            views.texels[LANES * p + lane] = from[(first + lane) * area + p];
        kernels.apply(indices, weights, rest, positions >> 2, texels, factors, ...lanes(to, first, positions));
      }
      const own = views.canvas.subarray(index * planes * positions, (index + 1) * planes * positions);
      if (positions & 3) applyWarpAt(positions & ~3, warp, from, planes, scale, offset, own);
    },
    applyAdjoint: (from, scale) => {
      const canvasGradient = within(from, views.canvasGradient);
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
      if (positions & 3) applyWarpAdjointAt(positions & ~3, warp, from, planes, scale, views.gradient);
    },
  };
}

type Loop = (...values: number[]) => void;
type Kernels = Readonly<Record<'fill' | 'interleave' | 'separate' | 'apply' | 'adjoint', Loop>>;

const QUARTET = 4 * FLOAT;

/** interleave(texels, quads, planes…) and separate(texels, quads, planes…): from planes to pixels of four values, and back. */
function turn(toTexels: boolean): WasmFunction {
  const [texels, quads, ...planes] = [0, 1, 2, 3, 4, 5];
  const locals = new Locals(6);
  const [values, spare] = [locals.many(V128, LANES), locals.many(V128, LANES)];
  const read = (k: number) => (toTexels ? f32x4.load(get(planes[k])) : f32x4.load(get(texels), QUARTET * k));
  const write = (k: number, value: Code) => (toTexels ? f32x4.store(get(texels), value, QUARTET * k) : f32x4.store(get(planes[k]), value));
  const body = times(quads, [
    ...values.flatMap((value, k) => set(value, read(k))),
    ...transpose(values, spare),
    ...values.flatMap((value, k) => write(k, get(value))),
    ...planes.flatMap((plane) => advance(plane, QUARTET)),
    ...advance(texels, 4 * QUARTET),
  ]);
  return locals.function(body);
}

/** The address of the pixel that entry k of the p-th position at `indices` names. */
const texel = (indices: number, texels: number, p: number, k: number) =>
  i32.add(get(texels), i32.shiftLeft(i32.load(get(indices), QUARTET * p + FLOAT * k), 4));

/** apply(indices, weights, rest, quads, texels, factors, planes…). */
function applyLoop(): WasmFunction {
  const [indices, weights, rest, quads, texels, factors, ...planes] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const locals = new Locals(10);
  const [values, spare] = [locals.many(V128, LANES), locals.many(V128, LANES)];
  const term = (p: number, k: number) =>
    f32x4.mul(f32x4.loadSplat(get(weights), QUARTET * p + FLOAT * k), f32x4.load(texel(indices, texels, p, k)));
  const sum = (p: number) => [1, 2, 3].reduce((before, k) => f32x4.add(before, term(p, k)), term(p, 0));
  const body = times(quads, [
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
  ]);
  return locals.function(body);
}

/** adjoint(indices, weights, quads, texels, bytes of the texels, factors, planes…): what is there is cleared first. */
function adjointLoop(): WasmFunction {
  const [indices, weights, quads, texels, length, factors, ...planes] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const locals = new Locals(10);
  const [values, spare] = [locals.many(V128, LANES), locals.many(V128, LANES)];
  const address = locals.take(I32);
  const spread = (p: number, k: number) => [
    ...set(address, texel(indices, texels, p, k)),
    ...f32x4.store(
      get(address),
      f32x4.add(f32x4.load(get(address)), f32x4.mul(f32x4.loadSplat(get(weights), QUARTET * p + FLOAT * k), get(values[p]))),
    ),
  ];
  const body = [
    ...clear(get(texels), get(length)),
    ...times(quads, [
      ...values.flatMap((value, lane) => set(value, f32x4.mul(f32x4.load(get(planes[lane])), f32x4.loadSplat(get(factors), FLOAT * lane)))),
      ...transpose(values, spare),
      ...[0, 1, 2, 3].flatMap((p) => [0, 1, 2, 3].flatMap((k) => spread(p, k))),
      ...planes.flatMap((plane) => advance(plane, QUARTET)),
      ...advance(indices, 4 * QUARTET),
      ...advance(weights, 4 * QUARTET),
    ]),
  ];
  return locals.function(body);
}

/** Whether every position lies so near the picture that its border mirrors it once at most; positions go in pairs. */
function reflectsOnce({ cosine, sine, origin, first }: Placement, settings: RenderSettings): boolean {
  const last = canvasSize(settings) - 1;
  const corners = [0, last].flatMap((row) => [0, last].map((column) => [first[0] + column, first[1] + row]));
  const reach = settings.size - 2;
  return (
    settings.border === 'reflect' &&
    last % 2 === 1 &&
    corners.every(([dx, dy]) =>
      [origin[0] + cosine * dx - sine * dy, origin[1] + sine * dx + cosine * dy].every((at) => at > -reach && at < settings.size + reach),
    )
  );
}

/** fill(placement, indices, weights, rows, pairs, size): two positions at a time, in float64, then rounded. With mirrored borders nothing is left. */
function fillLoop(): WasmFunction {
  const [placement, indices, weights, rows, pairs, size] = [0, 1, 2, 3, 4, 5];
  const locals = new Locals(6);
  const count = locals.take(I32);
  const [cosine, sine, dx, dy, left, top, right, down, lessRight, lessDown] = locals.many(V128, 10);
  const [columns, lines, a, b, c, d, edge] = locals.many(V128, 7);
  const { add, sub, mul } = f64x2;
  const number = (i: number) => f64x2.loadSplat(get(placement), 8 * i);
  const one = locals.double(1);
  const pairUp = (near: number, far: number) => f32x4.shuffle(get(near), get(far), [0, 4, 1, 5]);
  /** Mirrored at 0 and at the last index: N − |N − |i||. */
  const mirrored = (value: number) => i32x4.sub(get(edge), i32x4.abs(i32x4.sub(get(edge), i32x4.abs(get(value)))));
  const index = (p: number) =>
    i32x4.add(
      f32x4.shuffle(get(columns), get(columns), [2 * p, 2 * p + 1, 2 * p, 2 * p + 1]),
      f32x4.shuffle(get(lines), get(lines), [2 * p, 2 * p, 2 * p + 1, 2 * p + 1]),
    );
  const weight = (p: number) => f32x4.shuffle(get(a), get(c), [2 * p, 2 * p + 1, 4 + 2 * p, 5 + 2 * p]);
  const pair = [
    ...set(right, sub(add(number(2), mul(get(cosine), get(dx))), mul(get(sine), get(dy)))),
    ...set(down, add(add(number(3), mul(get(sine), get(dx))), mul(get(cosine), get(dy)))),
    ...set(left, f64x2.floor(get(right))),
    ...set(top, f64x2.floor(get(down))),
    ...set(right, sub(get(right), get(left))),
    ...set(down, sub(get(down), get(top))),
    ...set(lessRight, sub(one, get(right))),
    ...set(lessDown, sub(one, get(down))),
    ...set(a, f64x2.rounded(mul(get(lessRight), get(lessDown)))),
    ...set(b, f64x2.rounded(mul(get(right), get(lessDown)))),
    ...set(c, f64x2.rounded(mul(get(lessRight), get(down)))),
    ...set(d, f64x2.rounded(mul(get(right), get(down)))),
    ...set(a, pairUp(a, b)),
    ...set(c, pairUp(c, d)),
    ...f32x4.store(get(weights), weight(0)),
    ...f32x4.store(get(weights), weight(1), QUARTET),
    ...set(a, i32x4.ofFloats(get(left))),
    ...set(b, i32x4.add(get(a), locals.whole(1))),
    ...set(c, i32x4.ofFloats(get(top))),
    ...set(d, i32x4.add(get(c), locals.whole(1))),
    ...set(columns, pairUp(a, b)),
    ...set(lines, pairUp(c, d)),
    ...set(columns, mirrored(columns)),
    ...set(lines, i32x4.mul(mirrored(lines), i32x4.add(get(edge), locals.whole(1)))),
    ...f32x4.store(get(indices), index(0)),
    ...f32x4.store(get(indices), index(1), QUARTET),
    ...set(dx, add(get(dx), locals.double(2))),
    ...advance(weights, 2 * QUARTET),
    ...advance(indices, 2 * QUARTET),
  ];
  const body = [
    ...set(cosine, number(0)),
    ...set(sine, number(1)),
    ...set(dy, number(5)),
    ...set(edge, i32x4.sub(i32x4.splat(get(size)), locals.whole(1))),
    ...times(rows, [
      ...set(dx, add(number(4), f64x2.pair(0, 1))),
      ...set(count, get(pairs)),
      ...times(count, pair),
      ...set(dy, add(get(dy), one)),
    ]),
  ];
  return locals.function(body);
}

const MODULE = assemble({ fill: fillLoop(), interleave: turn(true), separate: turn(false), apply: applyLoop(), adjoint: adjointLoop() });
