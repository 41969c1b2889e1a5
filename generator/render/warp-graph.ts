/** The transformation's sparse matrix as graph, for devices: rows of a fixed number of entries, gathered and summed. */
import type { RenderSettings } from '../../data/schema.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { AtlasError } from '../graph/errors.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { canvasSize, type Warp } from './transformation.ts';

/** The names of a matrix's inputs: `indices` `[width·rows]` (entry-major), `weights` `[1,width,rows]`, `rest` `[1,rows]`. */
interface MatrixInputs {
  readonly indices: string;
  readonly weights: string;
  readonly rest?: string;
}

/**
 * Most canvas positions that read one pixel, for every draw of the settings. A position reads the pixels less than 1 away on both axes, so
 * that those reading one pixel lie, counted in positions, in a square of side 2·scale turned by the angle, in whose upright bounding box at
 * most ⌈its side⌉ fit along an axis. Mirrored borders repeat the pixel twice in every 2·(size − 1) pixels of what is read.
 */
export function adjointWidth({ size, pad, jitter, scale, rotate, border }: RenderSettings): number {
  const angle = (Math.min(rotate, 45) * Math.PI) / 180;
  const spread = Math.cos(angle) + Math.sin(angle);
  const reach = ((size + 2 * pad - jitter - 1) * spread) / scale[0] + 2;
  const copies = border === 'reflect' ? 2 * Math.ceil(reach / (2 * (size - 1))) : 1;
  return (copies * Math.ceil(2 * scale[1] * spread)) ** 2;
}

/** Declares the inputs of the matrix and of its transpose. */
export function warpInputs(builder: GraphBuilder, settings: RenderSettings): { forward: MatrixInputs; adjoint: MatrixInputs } {
  const declare = (name: string, width: number, rows: number): MatrixInputs => ({
    indices: builder.input(`${name}_indices`, { dtype: 'int32', shape: [width * rows] }),
    weights: builder.input(`${name}_weights`, { dtype: 'float32', shape: [1, width, rows] }),
  });
  const positions = canvasSize(settings) ** 2;
  const rest = builder.input('warp_rest', { dtype: 'float32', shape: [1, positions] });
  return { forward: { ...declare('warp', 4, positions), rest }, adjoint: declare('adjoint', adjointWidth(settings), settings.size ** 2) };
}

/** Adds the product of the matrix with every plane of `value` `[batch,3,·,·]`; the result is `[batch,3,side,side]`. */
export function addWarp(builder: GraphBuilder, value: string, matrix: MatrixInputs, side: number): string {
  const [batch, colours, height, width] = builder.shape(value);
  const [, entries, rows] = builder.shape(matrix.weights);
  const planes = batch * colours;
  const flat = builder.add('Reshape', [value, builder.integers([planes, height * width])], { allowzero: 0 });
  const gathered = builder.add('Gather', [flat, matrix.indices], { axis: 1 });
  const parted = builder.add('Reshape', [gathered, builder.integers([planes, entries, rows])], { allowzero: 0 });
  const weighted = builder.add('Mul', [parted, matrix.weights], {});
  const sum = builder.add('ReduceSum', [weighted, builder.integers([1])], { keepdims: 0 });
  const total = matrix.rest ? builder.add('Add', [sum, matrix.rest], {}) : sum;
  return builder.add('Reshape', [total, builder.integers([batch, colours, side, side])], { allowzero: 0 });
}

/** The inputs of {@link warpInputs} for a filled warp. */
export function warpTensors(warp: Warp, settings: RenderSettings): Record<string, Tensor> {
  const positions = warp.rest.length;
  const area = settings.size ** 2;
  const width = adjointWidth(settings);
  const forward = { indices: new Int32Array(4 * positions), weights: new Float32Array(4 * positions) };
  const adjoint = { indices: new Int32Array(width * area), weights: new Float32Array(width * area) };
  const filled = new Uint32Array(area);
  for (let p = 0; p < positions; p++) {
    for (let k = 0; k < 4; k++) {
      const [index, weight] = [warp.indices[4 * p + k], warp.weights[4 * p + k]];
      forward.indices[k * positions + p] = index;
      forward.weights[k * positions + p] = weight;
      if (weight === 0) continue;
      if (filled[index] === width)
        throw new AtlasError(
          `warp: expected at most ${width} positions to read pixel ${index}, received more\nThis is a bug: please report it with the plan.`,
        );
      const at = filled[index]++ * area + index;
      adjoint.indices[at] = p;
      adjoint.weights[at] = weight;
    }
  }
  return {
    warp_indices: { dtype: 'int32', shape: [4 * positions], data: forward.indices },
    warp_weights: float32([1, 4, positions], forward.weights),
    warp_rest: float32([1, positions], warp.rest),
    adjoint_indices: { dtype: 'int32', shape: [width * area], data: adjoint.indices },
    adjoint_weights: float32([1, width, area], adjoint.weights),
  };
}
