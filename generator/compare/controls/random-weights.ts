/** C2: networks with random weights, whose channels mean nothing: before a non-linearity the basis must not win. */
import type { Graph } from '../../graph/graph.ts';
import { float32, type Tensor } from '../../graph/tensor.ts';
import { chooseBands, drawOrder } from '../../measure/bands.ts';
import { imageScores } from '../../measure/image-scores.ts';
import { naturalTwoAfc } from '../../measure/natural-2afc.ts';
import type { Layer, Model } from '../../models/model.ts';
import { RandomStream } from '../../render/random.ts';
import { frames } from '../directions/random.ts';
import { effectSize } from './against-frames.ts';
import { deriveModel, replaceConstants } from './derive-model.ts';
import { average, type ControlDefinition, firstOf, firstRows, readLayerOf, rounded, rowsOf, type Scored, type Study } from './study.ts';

const NETWORKS = 20;
const LEAST_COVERED = 0.9;
/** Images and frames that each network is judged with: a small part of the comparison's, so that twenty take a minute. */
const IMAGES = 400;
const FRAMES = 12;
const MOST_CHANNELS = 144;

export const randomWeights: ControlDefinition = {
  id: 'C2',
  title: 'Networks with Gaussian weights',
  passes_if: `In at least ${LEAST_COVERED * 100}% of ${NETWORKS} networks of this architecture with Gaussian weights, the 95% interval of δ (M1, channels against Haar frames, before the non-linearity) covers 0.`,
  run: async (study) => {
    const found = findLayerBefore(study);
    if (!found) return { pass: null, values: { reason: 'No layer of this atlas is tapped before a non-linearity.' } };
    const { layer, at } = found;
    const images = firstOf(await study.images(at.images.size), IMAGES);
    study.stages.begin(`C2: ${NETWORKS} networks with random weights to ${layer.slug}`, NETWORKS);
    const networks = [];
    for (let network = 0; network < NETWORKS; network++) {
      study.signal?.throwIfAborted();
      const model = randomiseWeights(study.model, network);
      const { means } = await readLayerOf(study, model, layer.name, images);
      const scored = { means, channels: layer.shape[0], embeddings: firstRows(at.embeddings, images.n), seed: images.sha256 };
      const { delta, ci } = judgeNetwork(scored, [model.weightsSha256, layer.name]);
      networks.push({ delta: rounded(delta), ci: ci?.map(rounded) ?? null, covers: ci === null || (ci[0] <= 0 && ci[1] >= 0) });
      study.stages.done(network + 1);
    }
    const covered = average(networks.map(({ covers }) => Number(covers)));
    return {
      pass: covered >= LEAST_COVERED,
      values: {
        layer: layer.slug,
        images: images.n,
        frames: FRAMES,
        channels: Math.min(layer.shape[0], MOST_CHANNELS),
        covered,
        mean_delta: rounded(average(networks.map(({ delta }) => delta))),
        networks,
      },
    };
  },
};

/** δ of at most {@link MOST_CHANNELS} channels against as many rows of {@link FRAMES} frames: so few directions that threads would take longer to start. */
function judgeNetwork(scored: Scored, name: readonly [weights: string, layer: string]) {
  const { channels, means, embeddings, seed } = scored;
  const rows = Math.min(channels, MOST_CHANNELS);
  const order = drawOrder(means.length / channels, seed);
  const score = (vectors: Float32Array) =>
    Array.from({ length: rows }, (_, i) =>
      naturalTwoAfc(chooseBands(imageScores(means, vectors.subarray(i * channels, (i + 1) * channels)), order), embeddings),
    );
  const drawn = frames({ weightsSha256: name[0], layerName: name[1], channels }, FRAMES, rows);
  const chance = Array.from(drawn, (frame) => score(Float32Array.from(frame.rows)));
  return effectSize(score(rowsOf(undefined, channels, rows)), chance, name);
}

/** The atlas's first layer before a non-linearity: the one that takes the least time to reach. */
function findLayerBefore({ layers, model }: Study): { layer: Layer; at: Study['layers'][number] } | undefined {
  for (const at of layers) {
    const layer = model.layers(at.images.size).find(({ name }) => name === at.layer.name);
    if (layer?.tap === 'before') return { layer, at };
  }
  return undefined;
}

/** The network with N(0, 2/fan-in) in place of its weights and 0 in place of its biases (He et al. 2015). `network` names the draws, tensor by tensor. */
export function randomiseWeights(model: Model, network: number): Model {
  return deriveModel(model, {
    name: `with random weights ${network}`,
    change: (graph) => randomise(graph, [model.weightsSha256, network]),
  });
}

function randomise(graph: Graph, name: readonly (string | number)[]): Graph {
  const replaced = new Map<string, Map<number, Tensor>>();
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const fanIn = FAN_IN[op];
    const weights = graph.constants.get(inputs[1]);
    if (!fanIn || weights?.dtype !== 'float32') continue;
    const stream = new RandomStream('C2', ...name, outputs[0]);
    const deviation = Math.sqrt(2 / fanIn(weights.shape, attributes));
    const own = new Map<number, Tensor>([
      [
        1,
        float32(
          weights.shape,
          weights.data.map(() => deviation * stream.normal()),
        ),
      ],
    ]);
    const bias = graph.constants.get(inputs[2]);
    if (bias?.dtype === 'float32') own.set(2, float32(bias.shape, new Float32Array(bias.data.length)));
    replaced.set(outputs[0], own);
  }
  return replaceConstants(graph, replaced);
}

/** How many inputs an output of an operator is a sum of, from the shape of its weights. */
const FAN_IN: Readonly<Record<string, (shape: readonly number[], attributes: object) => number>> = {
  Conv: ([, ...rest]) => rest.reduce((product, extent) => product * extent, 1),
  ConvTranspose: ([inputs, , ...kernel]) => inputs * kernel.reduce((product, extent) => product * extent, 1),
  Gemm: (shape, attributes) => shape['transB' in attributes && attributes.transB === 1 ? 1 : 0],
  MatMul: (shape) => shape[shape.length - 2] ?? 1,
};
