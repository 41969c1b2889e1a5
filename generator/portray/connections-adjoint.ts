/** The transpose of a linear piece of a network: gradients at its end, carried back to its beginning. */
import { differentiate } from '../gradient/differentiate.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { float32, float32Data, sizeOf, type Tensor, zeros } from '../graph/tensor.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Network, Place, Step } from './connections-network.ts';

const SEED = 'connections~seed';

/** A compiled transpose. */
export interface Adjoint {
  /** Where the numbers of a result stand. */
  readonly from: Place;
  /**
   * For each of `weights`, `[C]` of the piece's end: the gradient of `weights · end[:, centre]` with respect to its beginning, one image's flat
   * array. Exact at any input, for a linear function has one gradient. The centre is right and below of the middle for even sides.
   */
  rows(weights: readonly Float32Array[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** What {@link openAdjoint} transposes. */
export interface Piece {
  readonly from: string;
  readonly to: string;
  /** Linear ones, and such as are taken for the identity, in the network's order. */
  readonly steps: readonly Step[];
  readonly identities: ReadonlySet<Step>;
}

export async function openAdjoint(network: Network, piece: Piece, runtime: Runtime): Promise<Adjoint> {
  const { graph, batch } = network;
  const [from, to] = [placed(network, piece.from), placed(network, piece.to)];
  const builder = new GraphBuilder();
  for (const step of piece.steps) {
    const node = piece.identities.has(step) ? identity(step) : step.node;
    if (!node) continue;
    for (const name of node.inputs) require(builder, graph, name);
    builder.append(node);
  }
  const shape = builder.shape(piece.to);
  const seed = builder.input(SEED, { dtype: 'float32', shape });
  const gradient = differentiate(builder, piece.to, piece.from, {}, seed);
  const program = await runtime.compile(builder.build([gradient]));
  const each = sizeOf(shape) / batch;
  const [row, column] = [to.height >> 1, to.width >> 1];
  return {
    from,
    rows: async (weights) => {
      const results: Float32Array[] = [];
      for (let start = 0; start < weights.length; start += batch) {
        const part = weights.slice(start, start + batch);
        const data = new Float32Array(each * batch);
        for (const [i, vector] of part.entries())
          for (let channel = 0; channel < to.channels; channel++) data[i * each + to.at(channel, row, column)] = vector[channel];
        const { [gradient]: value } = await program.run({ [SEED]: float32(shape, data) });
        const result = float32Data('resident' in value ? await value.read() : (value as Tensor), 'the gradient');
        const size = result.length / batch;
        for (const i of part.keys()) results.push(result.subarray(i * size, (i + 1) * size));
      }
      return results;
    },
    dispose: () => program.dispose(),
  };
}

function placed(network: Network, value: string): Place {
  const place = network.placeOf(value);
  if (!place) throw new Error(`"${value}" has no axis of channels, and was to be left out`);
  return place;
}

function identity({ inputs, outputs, op }: Step): Node {
  return {
    op: 'Identity',
    name: `${op} taken for the identity, ${outputs[0]}`,
    inputs: [inputs[0]],
    outputs: [outputs[0]],
    attributes: {},
  };
}

/** What a step reads: weights are themselves, what is fixed is computed, and whatever else comes in beside stands as zero, which no gradient here depends on. */
function require(builder: GraphBuilder, graph: Graph, name: string): void {
  if (name === '' || builder.has(name)) return;
  const constant = graph.constants.get(name);
  builder.constant(constant ?? zeros(graph.types.get(name)?.shape ?? []), name);
}
