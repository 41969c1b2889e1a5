/** Sums of enlarged smaller pictures: pixels, Laplacian pyramids, low resolution (lucid/optvis/param/spatial.py and lowres.py). */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { float32 } from '../../graph/tensor.ts';
import { addColour, type ColourMatrix } from './colour.ts';

/** Lucid's number of levels. */
const LEVELS = 4;

/** A picture of `side` pixels that is enlarged to the whole, shifted right and down by `offset`. */
export interface Level {
  readonly side: number;
  readonly offset: number;
}

/** The smaller pictures of the settings, largest first for the pyramid. */
export function listLevels({ size, parameterisation, levels = LEVELS, low_resolution = [] }: RenderSettings): Level[] {
  if (parameterisation === 'pixel') return [{ side: size, offset: 0 }];
  if (parameterisation === 'laplacian-pyramid')
    return Array.from({ length: levels }, (_, n) => ({ side: Math.floor(size / 2 ** n), offset: 0 }));
  return low_resolution.map(({ factor, offset = 0 }) => {
    const side = Math.floor(size / factor);
    return { side, offset: offset === 'half' ? Math.floor(size / side / 2) : offset };
  });
}

/** The number of values of one plane, all levels together. */
export function planeLength(levels: readonly Level[]): number {
  return levels.reduce((sum, { side }) => sum + side ** 2, 0);
}

/** Adds colour · Σ enlarged levels, `[batch,colours,size,size]`, for parameters `[batch,axes,planeLength]`. */
export function addPyramid(builder: GraphBuilder, parameters: string, settings: RenderSettings, colour: ColourMatrix): string {
  const [batch, axes] = builder.shape(parameters);
  let start = 0;
  const parts = listLevels(settings).map((level) => {
    const end = start + level.side ** 2;
    const slice = builder.add('Slice', [parameters, ...[[start], [end], [2]].map((bound) => builder.integers(bound))], {});
    start = end;
    const plane = builder.add('Reshape', [slice, builder.integers([batch, axes, level.side, level.side])], { allowzero: 0 });
    return addEnlarged(builder, plane, level, settings.size);
  });
  return addColour(builder, parts.length === 1 ? parts[0] : builder.add('Sum', parts, {}), colour);
}

function addEnlarged(builder: GraphBuilder, plane: string, level: Level, size: number): string {
  if (level.side === size && level.offset === 0) return plane;
  const matrix = enlargement(level, size);
  const down = builder.constant(float32([size, level.side], matrix));
  const across = Float32Array.from({ length: matrix.length }, (_, i) => matrix[(i % size) * level.side + Math.floor(i / size)]);
  const rows = builder.add('MatMul', [down, plane], {});
  return builder.add('MatMul', [rows, builder.constant(float32([level.side, size], across))], {});
}

/**
 * Bilinear enlargement along an axis, `[size, side]`, as TensorFlow 1 does it (`resize_bilinear`, corners not aligned): position y reads
 * y·side/size. An offset moves what is read, the edge mirrored with its pixel repeated (`tf.pad`, SYMMETRIC).
 */
export function enlargement({ side, offset }: Level, size: number): Float32Array {
  const matrix = new Float32Array(size * side);
  for (let y = 0; y < size; y++) {
    const moved = y - offset;
    const at = (moved < 0 ? -moved - 1 : moved) * (side / size);
    const low = Math.floor(at);
    matrix[y * side + low] += 1 - (at - low);
    matrix[y * side + Math.min(low + 1, side - 1)] += at - low;
  }
  return matrix;
}
