/**
 * Resizing along one axis as a matrix: ONNX's Resize (operator sets 13 to 17) takes each axis on its own, and each new value is a weighted sum of
 * old ones. So its gradient is the product with the transposed matrix, whatever the mode (onnx/docs/Operators.md#Resize for the coordinates).
 */
import type { Operators } from './graph.ts';
import { integersFor } from './shapes/inference.ts';
import type { Tensor } from './tensor.ts';

export type ResizeAttributes = Operators['Resize'];

/** More entries than this make no matrix worth multiplying by. */
const MOST_ENTRIES = 2 ** 26;

/** New over old extent of every axis: as given, or from the sizes. Throws a plain `Error` where neither or both are there. */
export function resizeScales(shape: readonly number[], constants: readonly (Tensor | undefined)[]): number[] {
  const [, , scales, sizes] = constants;
  const given = scales !== undefined && scales.data.length > 0;
  if (given === (sizes !== undefined && sizes.data.length > 0)) throw new Error('either scales or sizes are needed, as constants');
  if (!given) return integersFor(sizes, 'sizes', shape.length).map((size, i) => size / shape[i]);
  if (scales.dtype !== 'float32' || scales.data.length !== shape.length) throw new Error(`scales must be ${shape.length} float32 values`);
  for (const scale of scales.data) if (!(scale > 0)) throw new Error(`a scale of ${scale} is not positive`);
  return [...scales.data];
}

/** The shape after a Resize. `constants` are the node's inputs. */
export function resizedExtents(
  shape: readonly number[],
  constants: readonly (Tensor | undefined)[],
  { mode }: Pick<ResizeAttributes, 'mode'>,
): number[] {
  const scales = resizeScales(shape, constants);
  const sizes = constants[3];
  const result =
    sizes && sizes.data.length > 0 ? integersFor(sizes, 'sizes', shape.length) : shape.map((extent, i) => Math.floor(extent * scales[i]));
  if (mode !== 'nearest') checkAxes(mode, scales);
  return result;
}

/** Between values, onnxruntime resizes planes and volumes alone: `[H,W]`, `[N,C,H,W]`, and for linear also `[D,H,W]` and `[N,C,D,H,W]`. */
function checkAxes(mode: 'linear' | 'cubic', scales: readonly number[]): void {
  const rank = scales.length;
  if (!(mode === 'linear' ? [2, 3, 4, 5] : [2, 4]).includes(rank)) throw new Error(`${mode} interpolation does not take rank ${rank}`);
  if (rank > 3 && scales.slice(0, 2).some((scale) => scale !== 1))
    throw new Error(`${mode} interpolation of rank ${rank} takes the axes from the third on alone, not scales [${scales}]`);
}

/**
 * The interpolation matrix `[to, from]`, row-major: each row holds the weights of the old values in a new one. `scale` is new over old extent, kept
 * apart from `to / from` since ONNX rounds the extent and not the coordinates. Throws a plain `Error` for a matrix too large to make.
 */
export function interpolationMatrix(from: number, to: number, scale: number, attributes: ResizeAttributes): Float32Array {
  if (from * to > MOST_ENTRIES) throw new Error(`resizing ${from} values to ${to} would need a matrix of more than 2²⁶ entries`);
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const row = matrix.subarray(i * from, (i + 1) * from);
    const x = coordinate(i, from, to, scale, attributes.coordinate_transformation_mode);
    if (attributes.mode === 'nearest') row[clamp(nearest(x, attributes.nearest_mode), from)] = 1;
    else if (attributes.mode === 'linear') addLinear(row, x);
    else addCubic(row, x, attributes);
  }
  return matrix;
}

/** Where new position i lies among the old ones. */
function coordinate(i: number, from: number, to: number, scale: number, mode: ResizeAttributes['coordinate_transformation_mode']): number {
  switch (mode) {
    case 'align_corners':
      return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    case 'asymmetric':
      return i / scale;
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

function nearest(x: number, mode: ResizeAttributes['nearest_mode']): number {
  switch (mode) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

const clamp = (index: number, extent: number) => Math.min(Math.max(index, 0), extent - 1);

/** Between two neighbours; beyond the ends, the end. */
function addLinear(row: Float32Array, x: number): void {
  const inside = Math.min(Math.max(x, 0), row.length - 1);
  const low = Math.floor(inside);
  row[low] += 1 - (inside - low);
  row[clamp(low + 1, row.length)] += inside - low;
}

/** Keys' cubic convolution (IEEE Trans. ASSP 29, 1981, eq. 15 with a free) over four neighbours; those outside count as the ends, or not at all. */
function addCubic(row: Float32Array, x: number, { cubic_coeff_a: a, exclude_outside }: ResizeAttributes): void {
  const low = Math.floor(x);
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const part = x - low;
  const taps = [far(part + 1), near(part), near(1 - part), far(2 - part)].map((weight, i) => ({ index: low - 1 + i, weight }));
  const used = exclude_outside ? taps.filter(({ index }) => index >= 0 && index < row.length) : taps;
  const sum = exclude_outside ? used.reduce((total, { weight }) => total + weight, 0) : 1;
  for (const { index, weight } of used) row[clamp(index, row.length)] += weight / sum;
}
