/** How much of the image one position of a value depends on, and how far apart neighbouring positions begin. */
import type { Graph, Node } from '../graph/graph.ts';
import { type AxisLabels, type Labelling, labelGraph } from './axis-labels.ts';

/** Side and stride in input pixels. */
export interface Field {
  /** As layers would see it on an image without edges, so that it may be more than an image has. */
  readonly side: number;
  readonly stride: number;
}

/** What a position of a node's output sees of its input's positions, and how many of these lie between neighbours. */
interface Window {
  readonly reach: number;
  readonly step: number;
}

/**
 * The receptive field of every value that depends on an input, the larger of height and width (Araujo, Norris & Sim 2019, equation 2). What mixes
 * every position (an average, a fully connected layer, attention) adds the whole of its input.
 */
export function receptiveFields(graph: Graph): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>([...graph.inputs.keys()].map((name) => [name, { side: 1, stride: 1 }]));
  const [input] = graph.inputs.keys();
  const seen = new Eyes(graph, labelGraph(graph, input));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => fields.get(name)).filter((field) => field !== undefined);
    if (read.length === 0) continue;
    const side = Math.max(...read.map((field) => field.side));
    const stride = Math.max(...read.map((field) => field.stride));
    const { reach, step } = seen.through(node);
    for (const output of node.outputs) fields.set(output, { side: side + (reach - 1) * stride, stride: stride * step });
  }
  return fields;
}

const ONE: Window = { reach: 1, step: 1 };

class Eyes {
  readonly #graph: Graph;
  readonly #labels: Labelling;

  constructor(graph: Graph, labels: Labelling) {
    this.#graph = graph;
    this.#labels = labels;
  }

  through(node: Node): Window {
    const [x] = node.inputs;
    switch (node.op) {
      case 'Conv':
        return windowed(this.#shape(node.inputs[1]).slice(2), node.attributes);
      case 'MaxPool':
        return windowed(node.attributes.kernel_shape, node.attributes);
      case 'AveragePool':
        return windowed(node.attributes.kernel_shape, { strides: node.attributes.strides });
      case 'ConvTranspose': {
        const { reach, step } = windowed(this.#shape(node.inputs[1]).slice(2), node.attributes);
        return { reach: Math.ceil(reach / step), step: 1 / step };
      }
      case 'Resize':
        return { reach: { nearest: 1, linear: 2, cubic: 4 }[node.attributes.mode] ?? 1, step: this.#shrinkage(node) };
      case 'DepthToSpace':
        return { reach: 1, step: 1 / node.attributes.blocksize };
      case 'SpaceToDepth':
        return { reach: node.attributes.blocksize, step: node.attributes.blocksize };
      case 'Slice': {
        // Slices of every second position are joined again as channels (Swin's merging of patches): together they see what each leaves out.
        const step = this.#sliceStep(node);
        return { reach: step, step };
      }
      case 'MatMul':
        return this.#product(node);
      case 'Einsum':
        return node.inputs.every((name) => this.#labels.of(name).length > 0) ? this.#whole(x) : ONE;
      case 'Reshape':
        // Into a vector: positions become features.
        return this.#shape(node.outputs[0]).length === 2 ? this.#whole(x) : ONE;
      case 'GlobalAveragePool':
      case 'GlobalMaxPool':
      case 'InstanceNormalization':
        return this.#whole(x);
      case 'LayerNormalization': {
        const labels = this.#labels.of(node.outputs[0]);
        const from = node.attributes.axis < 0 ? node.attributes.axis + labels.length : node.attributes.axis;
        return labels.some((label, axis) => axis >= from && label === '') ? this.#whole(x) : ONE;
      }
      default:
        return node.op.startsWith('Reduce') ? this.#reduced(node) : ONE;
    }
  }

  #product({ inputs: [a, b] }: Node): Window {
    const [left, right] = [this.#labels.of(a), this.#labels.of(b)];
    if (left.length > 0 && right.length > 0) {
      // Attention: as many positions as its square matrix of weights has, in a square.
      const [rows, columns] = this.#shape(a).slice(-2);
      return rows === columns ? { reach: Math.ceil(Math.sqrt(rows)), step: 1 } : ONE;
    }
    // A product along another axis than the channels mixes positions (MLP-Mixer).
    const [value, contracted] = left.length > 0 ? [a, left.at(-1)] : [b, right.at(-2)];
    return contracted === '' && this.#labels.of(value).includes('C') ? this.#whole(value) : ONE;
  }

  #reduced(node: Node): Window {
    const [x, second] = node.inputs;
    const labels = this.#labels.of(x);
    const axes = 'axes' in node.attributes && Array.isArray(node.attributes.axes) ? node.attributes.axes : this.#integers(second);
    const positions = axes.some((axis: number) => {
      const at = axis < 0 ? axis + labels.length : axis;
      return labels.includes('C') ? labels[at] === '' : at >= 2;
    });
    return positions ? this.#whole(x) : ONE;
  }

  /** A slice's step along the first axis of positions: the other comes in a slice of its own, and is not to count twice. */
  #sliceStep({ inputs: [x, , , axes, steps] }: Node): number {
    const labels = this.#labels.of(x);
    const positions = labels.includes('C') ? labels.indexOf('') : 2;
    const own = this.#integers(axes).map((axis) => (axis < 0 ? axis + labels.length : axis));
    return Math.max(1, Math.abs(this.#integers(steps)[own.indexOf(positions)] ?? 1));
  }

  /** Every position of a value; it becomes one without a neighbour, or is spread over the positions again. */
  #whole(name: string): Window {
    return { reach: Math.max(1, sideOf(this.#labels.of(name), this.#shape(name))), step: 1 };
  }

  #shrinkage({ inputs: [x], outputs: [y] }: Node): number {
    const made = this.#shape(y).slice(2);
    return Math.max(...this.#shape(x).map((extent, axis) => (axis < 2 ? 0 : extent / (made[axis - 2] ?? extent))));
  }

  #shape(name: string): readonly number[] {
    return this.#graph.types.get(name)?.shape ?? [];
  }

  #integers(name: string | undefined): readonly number[] {
    return Array.from<bigint | number, number>(this.#graph.constants.get(name ?? '')?.data ?? [], Number);
  }
}

/** Side of the square of a value's positions: its axes that are neither images nor channels, tokens as if they were a square. */
function sideOf(labels: AxisLabels, shape: readonly number[]): number {
  const extents = labels.includes('C') ? shape.filter((_, axis) => labels[axis] === '') : shape.slice(2);
  return extents.length === 1 ? Math.ceil(Math.sqrt(extents[0])) : Math.max(0, ...extents);
}

function windowed(
  kernel: readonly number[],
  { strides, dilations }: { strides: readonly number[]; dilations?: readonly number[] },
): Window {
  return { reach: Math.max(...kernel.map((extent, i) => (dilations?.[i] ?? 1) * (extent - 1) + 1)), step: Math.max(...strides) };
}
