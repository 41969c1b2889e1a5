/** Which axis of every value holds the images and which the channels: told by the operators that fix them, carried along by the others. */
import type { Graph, Node } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import { batchPlace, movedPlace } from './batch-place.ts';

/**
 * What an axis holds: `N` the images of the batch; `n` the images with something merged in behind them, image by image (an attention's windows
 * or heads), `17n` also with 17 of something around them; `C` the channels; `` anything else or unknown.
 */
export type AxisLabel = 'N' | 'n' | `${number}n` | 'C' | '';
export type AxisLabels = readonly AxisLabel[];

/** What is asked of a graph, finished or growing. */
export interface Shapes {
  shape(name: string): readonly number[];
  isConstant(name: string): boolean;
  /** The values of a constant of integers. */
  integers(name: string): readonly number[];
}

/** Labels of a graph's values, worked out node by node in the graph's order. */
export class Labelling {
  readonly #shapes: Shapes;
  readonly #batch: number;
  readonly #labels = new Map<string, AxisLabels>();

  /** `input` is `[batch,C,H,W]`. */
  constructor(shapes: Shapes, input: string) {
    this.#shapes = shapes;
    this.#batch = shapes.shape(input)[0] ?? 1;
    this.#labels.set(
      input,
      shapes.shape(input).map((_, axis) => (['N', 'C'] as const)[axis] ?? ''),
    );
  }

  /** The labels of a value; none where it does not depend on the image, or nothing is known. */
  of(name: string): AxisLabels {
    return this.#labels.get(name) ?? [];
  }

  /** Labels what a node makes. */
  add(node: Node): void {
    if (!node.inputs.some((name) => this.#labels.has(name))) return;
    for (const output of node.outputs) {
      const shape = this.#shapes.shape(output);
      const labels = this.#label(node, shape);
      this.#labels.set(output, labels.length === shape.length ? labels : shape.map(() => ''));
    }
  }

  #label(node: Node, shape: readonly number[]): AxisLabels {
    const x = node.inputs.find((name) => this.#labels.has(name)) ?? '';
    const labels = this.of(x);
    switch (node.op) {
      case 'Conv':
      case 'ConvTranspose':
      case 'BatchNormalization':
      case 'InstanceNormalization':
      case 'LRN':
      case 'DepthToSpace':
      case 'SpaceToDepth':
        return withChannels(labels, 1);
      case 'LayerNormalization':
        return node.attributes.axis === -1 || node.attributes.axis === shape.length - 1 ? withChannels(labels, shape.length - 1) : labels;
      case 'Gemm':
        return node.attributes.transA ? shape.map(() => '') : [labels[0] ?? '', 'C'];
      case 'MatMul':
        return this.#product(node, shape);
      case 'Einsum':
        return this.#contracted(node);
      case 'Transpose':
        return node.attributes.perm.map((axis) => labels[axis] ?? '');
      case 'Reshape':
      case 'Squeeze':
      case 'Unsqueeze':
        return this.#reshaped(labels, this.#shapes.shape(x), shape);
      case 'Split':
      case 'Slice':
      case 'Pad':
      case 'Resize':
      case 'MaxPool':
      case 'AveragePool':
      case 'GlobalAveragePool':
      case 'GlobalMaxPool':
        // Axes stay what they are; only of the images it must be all of them.
        return labels.map((label, axis) => (label === 'C' || shape[axis] === this.#shapes.shape(x)[axis] ? label : ''));
      case 'Gather':
        return this.#gathered(node, labels, shape);
      case 'ReduceSum':
      case 'ReduceMean':
      case 'ReduceMax':
      case 'ReduceMin':
      case 'ReduceL1':
      case 'ReduceL2':
      case 'ReduceSumSquare':
      case 'ReduceLogSumExp':
        return this.#reduced(node, labels);
      default:
        return this.#aligned(node, shape);
    }
  }

  /** Operands that broadcast: an axis is what the first operand that has all of it says. */
  #aligned(node: Node, shape: readonly number[]): AxisLabels {
    const labels = shape.map((extent, axis) => {
      for (const name of node.inputs) {
        const at = axis - shape.length + this.of(name).length;
        const label = this.of(name)[at];
        if (label && (this.#shapes.shape(name)[at] === extent || (label === 'C' && node.op === 'Concat'))) return label;
      }
      return '';
    });
    if (labels.includes('C') || !ADDING.has(node.op)) return labels;
    // A vector that is added, or multiplied by, goes along the channels; so does one stood upright, [C,1,1].
    for (const name of node.inputs) {
      const own = name !== '' && this.#shapes.isConstant(name) ? this.#shapes.shape(name) : [];
      if (own.length === 1 && own[0] > 1 && own[0] === shape.at(-1)) return withChannels(labels, shape.length - 1);
      const upright = own.length === 3 && own[0] > 1 && own[1] * own[2] === 1;
      if (upright && shape.length === 4 && own[0] === shape[1]) return withChannels(labels, 1);
    }
    return labels;
  }

  #product(node: Node, shape: readonly number[]): AxisLabels {
    const [a, b] = node.inputs;
    if (!this.#labels.has(b)) {
      const labels = [...this.of(a).slice(0, -1), ''] as AxisLabel[];
      // Products along another axis than the channels mix positions (MLP-Mixer) and leave the channels where they are.
      return labels.includes('C') || labels.length !== shape.length ? labels : withChannels(labels, shape.length - 1);
    }
    if (!this.#labels.has(a)) {
      const labels = [...this.of(b)];
      labels.splice(-2, 1, '');
      return labels;
    }
    const [left, right] = [this.of(a), this.of(b)];
    const leading = shape
      .slice(0, -2)
      .map((_, axis) => left[axis - shape.length + left.length] || right[axis - shape.length + right.length] || '');
    return [...leading, left.at(-2) ?? '', right.at(-1) === 'C' ? 'C' : ''];
  }

  /** The images stay with their index; which index holds channels afterwards is open. */
  #contracted(node: Node & { op: 'Einsum' }): AxisLabels {
    const [terms, result = ''] = node.attributes.equation.split('->');
    const found = new Map<string, AxisLabel>();
    for (const [i, term] of terms.split(',').entries())
      for (const [axis, label] of this.of(node.inputs[i]).entries()) if (label !== '' && label !== 'C') found.set(term[axis], label);
    return [...result].map((index) => found.get(index) ?? '');
  }

  /** The channels live on where they have their extent and as many values stand behind them; the images wherever they are now. */
  #reshaped(labels: AxisLabels, from: readonly number[], to: readonly number[]): AxisLabels {
    const result: AxisLabel[] = to.map(() => '');
    const channels = labels.indexOf('C');
    const behind = sizeOf(from.slice(channels + 1));
    const kept = to.findIndex((extent, i) => extent > 1 && extent === from[channels] && sizeOf(to.slice(i + 1)) === behind);
    if (channels >= 0 && kept >= 0) result[kept] = 'C';
    const place = batchPlace(labels);
    const moved = place && movedPlace(from, place, to, this.#batch);
    if (moved) result[moved.axis] = moved.outer > 1 ? `${moved.outer}n` : to[moved.axis] === this.#batch ? 'N' : 'n';
    return result;
  }

  #reduced(node: Node, labels: AxisLabels): AxisLabels {
    const { keepdims, axes } = node.attributes as { keepdims: number; axes?: readonly number[] };
    if (keepdims) return labels;
    const gone = new Set((axes ?? this.#shapes.integers(node.inputs[1])).map((axis) => (axis < 0 ? axis + labels.length : axis)));
    return labels.filter((_, axis) => !gone.has(axis));
  }

  #gathered(node: Node & { op: 'Gather' }, labels: AxisLabels, shape: readonly number[]): AxisLabels {
    const [x, indices] = node.inputs;
    if (!this.#labels.has(x)) return [];
    const rank = this.#shapes.shape(x).length;
    const axis = node.attributes.axis < 0 ? node.attributes.axis + rank : node.attributes.axis;
    const made = this.#shapes.shape(indices).map((): AxisLabel => '');
    const kept: AxisLabel[] = made.length === 1 && labels[axis] === 'C' ? ['C'] : made;
    const result = [...labels.slice(0, axis), ...kept, ...labels.slice(axis + 1)];
    return result.length === shape.length ? result : [];
  }
}

const ADDING: ReadonlySet<string> = new Set(['Add', 'Mul', 'Sum', 'Sub', 'Div']);

/** The same labels but with the channels on one axis alone. */
function withChannels(labels: AxisLabels, axis: number): AxisLabels {
  return labels.map((label, i) => (i === axis ? 'C' : label === 'C' ? '' : label));
}

/** Labels of every value of a finished graph. */
export function labelGraph(graph: Graph, input: string): Labelling {
  const labelling = new Labelling(
    {
      shape: (name) => graph.types.get(name)?.shape ?? [],
      isConstant: (name) => graph.constants.has(name),
      integers: (name) => Array.from<bigint | number, number>(graph.constants.get(name)?.data ?? [], Number),
    },
    input,
  );
  for (const node of graph.nodes) labelling.add(node);
  return labelling;
}
