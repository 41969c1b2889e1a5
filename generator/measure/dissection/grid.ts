/** Where the positions of a layer lie in the image. */
import { fault } from '../../graph/errors.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import type { Layer, Model } from '../../models/model.ts';

/** Positions along one axis: number i has its centre at pixel `start + step·i`, where whole numbers are the centres of pixels. */
export interface Axis {
  readonly count: number;
  readonly start: number;
  readonly step: number;
}

export interface Grid {
  readonly rows: Axis;
  readonly columns: Axis;
  /** Positions before the first of the grid that are none of the image (a transformer's class token). */
  readonly skip: number;
}

/** The most positions of a row of tokens that may be none of the image: a class token, a distillation token, registers. */
const MOST_EXTRA = 8;

type Place = Pick<Axis, 'start' | 'step'>;

/**
 * The grid of a layer at images of `size` pixels. A position's centre is that of its receptive field, as Network Dissection has it (its fieldmap;
 * (k − 1)/2 where that halves an even k to the pixel after), where what lies between image and layer is convolutions, pooling, padding and what
 * works position by position. Past anything else, the corners of the grid are the corners of the image: centre i at (i + ½)·size/count − ½, which
 * is how NetDissect-Lite resizes maps. Tokens in a row are a square, row by row, after those that are none of the image. Throws where they are not.
 */
export function layerGrid(model: Model, layer: Layer, size: number): Grid {
  const [, height, width] = layer.shape;
  if (layer.layout === 'NTC') {
    const side = Math.floor(Math.sqrt(height));
    const skip = height - side * side;
    if (skip > MOST_EXTRA)
      throw fault({
        where: layer.slug,
        expected: 'positions that make a square',
        name: 'the layer, to lay them over the image,',
        received: height,
        remedy: 'Leave the layer out of the dissection, or choose one before its positions are mixed.',
      });
    return { rows: spread(side, size), columns: spread(side, size), skip };
  }
  const places = followPlaces(model.graph({ layers: [layer.name], batch: 1, height: size, width: size })).get(layer.name);
  const axis = (count: number, place: Place | undefined) => (place ? { count, ...place } : spread(count, size));
  return { rows: axis(height, places?.[0]), columns: axis(width, places?.[1]), skip: 0 };
}

function spread(count: number, size: number): Axis {
  const step = size / count;
  return { count, start: step / 2 - 0.5, step };
}

/** Operators that leave every position where it is: a slice or a part that has as many as there were has them all. */
const STAYING: ReadonlySet<string> = new Set(
  (
    'Add Sub Mul Div Pow Sum Max Min Neg Reciprocal Sqrt Exp Log Erf Sin Cos Abs Sign Ceil Floor Round Tanh Relu LeakyRelu PRelu Elu Selu Celu ' +
    'ThresholdedRelu Clip Sigmoid HardSigmoid HardSwish Softplus Softsign Identity BatchNormalization InstanceNormalization LRN Where Slice Split'
  ).split(' '),
);

/** Where the positions of every value `[N,C,H,W]` lie, rows and columns, for those of which it follows from the graph. */
function followPlaces(graph: Graph): ReadonlyMap<string, readonly [Place, Place]> {
  const origin: Place = { start: 0, step: 1 };
  const places = new Map<string, readonly [Place, Place]>([...graph.inputs.keys()].map((name) => [name, [origin, origin]]));
  for (const node of graph.nodes) {
    const moved = move(node, graph);
    for (const output of node.outputs) {
      const shape = graph.types.get(output)?.shape ?? [];
      if (shape.length !== 4) continue;
      const from = places.get(moved ? node.inputs[0] : (stayingInput(node, graph, places, shape) ?? ''));
      if (from) places.set(output, moved ? [moved(from[0], 0), moved(from[1], 1)] : from);
    }
  }
  return places;
}

/** The input whose positions the output of a node has; of several branches one speaks for all, as their positions are the same ones. */
function stayingInput(node: Node, graph: Graph, places: ReadonlyMap<string, unknown>, shape: readonly number[]): string | undefined {
  if (!STAYING.has(node.op) && !(node.op === 'Concat' && node.attributes.axis === 1)) return undefined;
  const same = (name: string) => graph.types.get(name)?.shape.slice(2).join() === shape.slice(2).join();
  return node.inputs.find((name) => places.has(name) && same(name));
}

/** How a node that reads windows, or pads, moves the positions along an axis (0: rows, 1: columns). */
function move(node: Node, graph: Graph): ((from: Place, axis: 0 | 1) => Place) | undefined {
  switch (node.op) {
    case 'Conv':
      return window(graph.types.get(node.inputs[1])?.shape.slice(2) ?? [], node.attributes);
    case 'MaxPool':
    case 'AveragePool':
      return window(node.attributes.kernel_shape, node.attributes);
    case 'Pad': {
      const pads = Array.from<bigint | number, number>(graph.constants.get(node.inputs[1])?.data ?? [], Number);
      return pads.length === 8 ? ({ start, step }, axis) => ({ start: start - step * pads[2 + axis], step }) : undefined;
    }
    default:
      return undefined;
  }
}

function window(
  kernel: readonly number[],
  { strides, pads, dilations = [1, 1] }: { strides: readonly number[]; pads: readonly number[]; dilations?: readonly number[] },
) {
  return ({ start, step }: Place, axis: 0 | 1): Place => ({
    start: start + step * ((dilations[axis] * (kernel[axis] - 1)) / 2 - pads[axis]),
    step: step * strides[axis],
  });
}
