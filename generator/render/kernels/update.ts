/**
 * The update of pictures whose parameters are a spectrum, in WebAssembly: what `updateGraph` of ../programs.ts does for them, from the gradient by
 * the picture over Adam's step to the next picture. State and pictures stay in the memory from step to step.
 */
import type { RenderSettings } from '../../../data/schema.ts';
import { advance, assemble, type Code, f32x4, get, Locals, set, times, V128, type WasmFunction } from '../../wasm/code.ts';
import type { KernelMemory, Places } from '../../wasm/memory.ts';
import { BETA_2, EPSILON, MOMENTUM } from '../adam.ts';
import { colourMatrix, hasAlpha } from '../parameterisation/colour.ts';
import { decayFilter, FOURIER_CONTRAST } from '../parameterisation/fourier.ts';
import { canTransform, columns, columnTwiddles, rows, rowTwiddles, spectrumStride } from './fourier.ts';

const FLOAT = 4;
const QUARTET = 4 * FLOAT;
/** More colours than these are left to the graph. */
const MOST_COLOURS = 8;

/** Whether these loops can do the updates of some settings: a plain spectrum of a size that they can transform, without penalties on the picture. */
export function hasUpdateKernels(settings: RenderSettings, colours: number): boolean {
  const { parameterisation = 'fourier', size, l2, total_variation, penalties = [], group } = settings;
  const isPenalised = l2 > 0 || total_variation > 0 || penalties.length > 0;
  return (
    parameterisation === 'fourier' && canTransform(size) && colours <= MOST_COLOURS && !isPenalised && !group?.share && !hasAlpha(settings)
  );
}

export interface UpdateKernels {
  /** A slot's pictures, `[pictures,colours,size,size]`. */
  picture(slot: number): Float32Array<ArrayBuffer>;
  /** Begins anew: parameters `[pictures,axes,2,size,size/2+1]`, moments at zero, and their pictures. */
  start(slot: number, parameters: Float32Array): void;
  /** One step along the gradient by the slot's pictures, which lies in the same memory. `rate` and `correction` are Adam's (../adam.ts). */
  advance(slot: number, gradient: Float32Array, rate: number, correction: number): void;
}

/** Places for so many slots of so many pictures. */
export function placeUpdate(settings: RenderSettings, colours: number, pictures: number, slots: number, places: Places) {
  const { size } = settings;
  const { axes } = colourMatrix(settings, colours, 1);
  const plane = 2 * size * spectrumStride(size);
  const take = () => Array.from({ length: slots }, () => places.take(pictures * axes * plane));
  return {
    settings,
    colours,
    pictures,
    axes,
    plane,
    scalars: places.take(4),
    filter: places.take(plane / 2),
    // Two places of as many pairs of quartets as a column has elements.
    work: places.take(16 * size),
    twiddles: [columnTwiddles(size, 'forward'), columnTwiddles(size, 'back'), rowTwiddles(size, 'forward'), rowTwiddles(size, 'back')].map(
      (values) => ({ values, at: places.take(values.length) }),
    ),
    logits: places.take(axes * size * size),
    spectrum: places.take(plane),
    parameters: take(),
    first: take(),
    second: take(),
    images: Array.from({ length: slots }, () => places.take(pictures * colours * size * size)),
  };
}

type Kernels = Readonly<
  Record<'slope' | 'rowsForward' | 'columnsForward' | 'step' | 'columnsBack' | 'rowsBack' | 'squash', (...values: number[]) => void>
>;

/** Makes the loops over places in a memory. */
export function openUpdateKernels(place: ReturnType<typeof placeUpdate>, memory: KernelMemory): UpdateKernels {
  const { settings, colours, pictures, axes, plane, logits, spectrum, work } = place;
  const { size } = settings;
  const area = size * size;
  const stride = spectrumStride(size);
  const kernels = new WebAssembly.Instance(compile(settings, colours), { host: { memory: memory.memory } }).exports as unknown as Kernels;
  for (const { values, at } of place.twiddles) memory.floats(at, values.length).set(values);
  const [columnsForward, columnsBack, rowsForward, rowsBack] = place.twiddles.map(({ at }) => at);
  const scalars = memory.floats(place.scalars, 2);
  fillFilter(memory.floats(place.filter, plane / 2), settings);
  const axis = (start: number, picture: number, k: number) => start + FLOAT * (picture * axes + k) * plane;
  const draw = (slot: number, picture: number) => kernels.squash(logits, place.images[slot] + FLOAT * picture * colours * area, area / 4);
  /** Adam's step of one axis, whose gradient is in `spectrum`, and the axis of the next picture. */
  const move = (slot: number, picture: number, k: number) => {
    for (const part of [0, 1]) {
      const half = (start: number) => start + FLOAT * part * (plane / 2);
      const own = (starts: readonly number[]) => half(axis(starts[slot], picture, k));
      kernels.step(half(spectrum), place.filter, own(place.parameters), own(place.first), own(place.second), plane / 8, place.scalars);
    }
    kernels.columnsBack(spectrum, spectrum, stride / 4, work, columnsBack);
    kernels.rowsBack(logits + FLOAT * k * area, spectrum, size / 4, work, rowsBack);
  };
  return {
    picture: (slot) => memory.floats(place.images[slot], pictures * colours * area),
    start: (slot, parameters) => {
      for (const starts of [place.first, place.second]) memory.floats(starts[slot], pictures * axes * plane).fill(0);
      const rowsOfAll = pictures * axes * 2 * size;
      const own = memory.floats(place.parameters[slot], rowsOfAll * stride).fill(0);
      const width = parameters.length / rowsOfAll;
      for (let row = 0; row < rowsOfAll; row++) own.set(parameters.subarray(row * width, (row + 1) * width), row * stride);
      scalars.set([0, 1]);
      for (let picture = 0; picture < pictures; picture++) {
        for (let k = 0; k < axes; k++) {
          memory.floats(spectrum, plane).fill(0);
          move(slot, picture, k);
        }
        draw(slot, picture);
      }
    },
    advance: (slot, gradient, rate, correction) => {
      scalars.set([rate, correction]);
      for (let picture = 0; picture < pictures; picture++) {
        const offset = FLOAT * picture * colours * area;
        kernels.slope(gradient.byteOffset + offset, place.images[slot] + offset, logits, area / 4);
        for (let k = 0; k < axes; k++) {
          kernels.rowsForward(logits + FLOAT * k * area, spectrum, size / 4, work, rowsForward);
          kernels.columnsForward(spectrum, spectrum, stride / 4, work, columnsForward);
          move(slot, picture, k);
        }
        draw(slot, picture);
      }
    },
  };
}

/** The decay filter with the transforms' norm, `[size,stride]`, zero beyond its columns. */
function fillFilter(filter: Float32Array, { size, decay_power }: RenderSettings): void {
  const stride = spectrumStride(size);
  const width = size / 2 + 1;
  const decay = decayFilter(size, decay_power);
  for (let ky = 0; ky < size; ky++) for (let kx = 0; kx < width; kx++) filter[ky * stride + kx] = decay[ky * width + kx] / size;
}

function compile(settings: RenderSettings, colours: number): WebAssembly.Module {
  const { size } = settings;
  const matrix = colourMatrix(settings, colours, FOURIER_CONTRAST);
  const mix: Mix = { ...matrix, plane: FLOAT * size * size };
  return assemble({
    slope: slope(mix),
    rowsForward: rows(size, 'forward'),
    columnsForward: columns(size, 'forward'),
    step: step(settings.momentum ?? MOMENTUM),
    columnsBack: columns(size, 'back'),
    rowsBack: rows(size, 'back'),
    squash: squash(mix),
  });
}

/** The colours' matrix, and the bytes of a plane. */
interface Mix {
  readonly channels: number;
  readonly axes: number;
  /** `[channels,axes]`. */
  readonly values: readonly number[];
  readonly plane: number;
}

const { add, sub, mul, div, load, loadSplat, store } = f32x4;
const range = (count: number) => [...Array(count).keys()];

/** Σ factor · local, of those whose factor is not zero. */
const mixed = (locals: Locals, terms: readonly (readonly [factor: number, local: number])[]): Code =>
  terms
    .filter(([factor]) => factor !== 0)
    .map(([factor, local]) => mul(get(local), locals.constant(factor)))
    .reduce((sum, term) => (sum.length === 0 ? term : add(sum, term)), []);

/** slope(gradient, picture, axes, quads): the gradient by the axes, through the colours' matrix and the sigmoid's slope, x · (1 − x). */
function slope({ channels, axes, values, plane }: Mix): WasmFunction {
  const [gradient, picture, target, quads] = [0, 1, 2, 3];
  const locals = new Locals(4);
  const seen = locals.take(V128);
  const slopes = locals.many(V128, channels);
  const body = times(quads, [
    ...slopes.flatMap((local, channel) => [
      ...set(seen, load(get(picture), channel * plane)),
      ...set(local, mul(load(get(gradient), channel * plane), mul(get(seen), sub(locals.constant(1), get(seen))))),
    ]),
    ...range(axes).flatMap((axis) => {
      const terms = slopes.map((local, channel) => [values[channel * axes + axis], local] as const);
      return store(get(target), mixed(locals, terms), axis * plane);
    }),
    ...[gradient, picture, target].flatMap((address) => advance(address, QUARTET)),
  ]);
  return locals.function(body);
}

/**
 * step(spectrum, filter, parameters, first, second, quads, scalars): Adam (../adam.ts) along the spectrum times the filter, whose place the
 * filtered parameters take.
 */
function step(momentum: number): WasmFunction {
  const [spectrum, filter, parameters, first, second, quads, scalars] = range(7);
  const locals = new Locals(7);
  const [decay, gradient, mean, square, next, rate, correction] = locals.many(V128, 7);
  const blend = (state: number, beta: number, fresh: Code) =>
    add(mul(load(get(state)), locals.constant(beta)), mul(fresh, locals.constant(1 - beta)));
  const deviation = add(mul(f32x4.sqrt(get(square)), get(correction)), locals.constant(EPSILON));
  const body = [
    ...set(rate, loadSplat(get(scalars))),
    ...set(correction, loadSplat(get(scalars), FLOAT)),
    ...times(quads, [
      ...set(decay, load(get(filter))),
      ...set(gradient, mul(load(get(spectrum)), get(decay))),
      ...set(mean, blend(first, momentum, get(gradient))),
      ...set(square, blend(second, BETA_2, mul(get(gradient), get(gradient)))),
      ...set(next, add(load(get(parameters)), mul(div(get(mean), deviation), get(rate)))),
      ...store(get(first), get(mean)),
      ...store(get(second), get(square)),
      ...store(get(parameters), get(next)),
      ...store(get(spectrum), mul(get(next), get(decay))),
      ...[spectrum, filter, parameters, first, second].flatMap((address) => advance(address, QUARTET)),
    ]),
  ];
  return locals.function(body);
}

/** squash(axes, picture, quads): the picture, the sigmoid of the axes through the colours' matrix. */
function squash({ channels, axes, values, plane }: Mix): WasmFunction {
  const [source, picture, quads] = [0, 1, 2];
  const locals = new Locals(3);
  const inputs = locals.many(V128, axes);
  const [x, n, y] = locals.many(V128, 3);
  const one = locals.constant(1);
  const body = times(quads, [
    ...inputs.flatMap((local, axis) => set(local, load(get(source), axis * plane))),
    ...range(channels).flatMap((channel) => {
      // The matrix with its signs changed: e^−x is what the sigmoid takes.
      const terms = inputs.map((local, axis) => [-values[channel * axes + axis], local] as const);
      return [
        ...set(x, mixed(locals, terms)),
        ...exponential(locals, x, n, y),
        ...store(get(picture), div(one, add(one, get(y))), channel * plane),
      ];
    }),
    ...[source, picture].flatMap((address) => advance(address, QUARTET)),
  ]);
  return locals.function(body);
}

/** Beyond these e^x or e^−x is no normal float32. */
const LARGEST_EXPONENT = 87;
/** ln 2 in two parts, the first of so few bits that its products by whole numbers are exact. */
const LN_2 = [0.693359375, -0.00021219444005469057] as const;
/** A float32 so large that adding it rounds to a whole number, which is then in the lowest bits. */
const WHOLE = 1.5 * 2 ** 23;
/** The coefficients of e^x from the seventh power to the second; those of the first and the zeroth are 1. */
const POLYNOMIAL = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/** y = e^x to a unit or two in the last place: 2ⁿ · e^r, |r| ≤ ln 2 / 2, by the polynomial of Moshier's Cephes (expf.c). Overwrites x and n. */
function exponential(locals: Locals, x: number, n: number, y: number): Code {
  const constant = (value: number) => locals.constant(value);
  const [highest, ...lower] = POLYNOMIAL.map(constant);
  return [
    ...set(x, f32x4.max(f32x4.min(get(x), constant(LARGEST_EXPONENT)), constant(-LARGEST_EXPONENT))),
    ...set(n, add(mul(get(x), constant(Math.LOG2E)), constant(WHOLE))),
    ...set(y, sub(get(n), constant(WHOLE))),
    ...LN_2.flatMap((part) => set(x, sub(get(x), mul(get(y), constant(part))))),
    ...set(
      y,
      lower.reduce((sum, coefficient) => add(mul(sum, get(x)), coefficient), highest),
    ),
    ...set(y, add(add(mul(mul(get(y), get(x)), get(x)), get(x)), constant(1))),
    ...set(y, f32x4.scale(get(y), get(n))),
  ];
}
