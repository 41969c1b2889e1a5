/** Counting with a network: its scores for every direction, image by image, and what each layer's counter makes of them. */
import type { Graph } from '../../graph/graph.ts';
import { float32 } from '../../graph/tensor.ts';
import { INPUT, type Layer, type Model, type Preprocess } from '../../models/model.ts';
import { beginNetwork } from '../../render/programs.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { emptyInput, writeInput } from '../passes/network-input.ts';
import { compileForHost, readOutput, releaseOutputs } from '../passes/read-output.ts';
import type { Picture } from '../picture.ts';
import { ActiveCounter, type LayerPlan } from './count-active.ts';
import { type LayerCounts, noLayerCounts } from './counts.ts';
import type { ConceptTable, FlatLabels } from './image-labels.ts';

/** All that counting needs, of plain data, so that a thread can be given it. */
export interface TallyPlan {
  /** From the network's input to the scores of every layer, {@link scoresName}: `[batch,M,positions]`. */
  readonly graph: Graph;
  readonly layers: readonly LayerPlan[];
  readonly preprocess: Preprocess;
  readonly table: ConceptTable;
  readonly batch: number;
  readonly size: number;
}

/** An image with its labels, and those it gets when they are permuted. */
export interface LabelledImage {
  readonly index: number;
  readonly picture: Picture;
  readonly labels: FlatLabels;
  readonly permuted: FlatLabels;
}

const scoresName = (index: number) => `pooled-scores-${index}`;

/**
 * The network with `V·a` after each layer, V the directions `[M,C]`. It is a product for each image, so that a score does not depend on the batch.
 */
export function scoresGraph(
  model: Model,
  layers: readonly { readonly layer: Layer; readonly directions: Float32Array }[],
  batch: number,
  size: number,
): Graph {
  // A layer may be asked for twice, with other directions.
  const wanted = [...new Set(layers.map(({ layer }) => layer.name))];
  const { builder, names } = beginNetwork(model.graph({ layers: wanted, batch, height: size, width: size }));
  return builder.build(
    layers.map(({ layer, directions }, i) => {
      const [channels, height, width] = layer.shape;
      const flat = builder.integers([batch, channels, height * width]);
      const activations = builder.add('Reshape', [names.get(layer.name) ?? layer.name, flat], { allowzero: 0 });
      const rows = builder.constant(float32([directions.length / channels, channels], directions));
      return builder.add('MatMul', [rows, activations], {}, { outputs: [scoresName(i)] });
    }),
  );
}

/** A compiled tally. */
export interface Tally {
  /** Counts so many images, at most a batch. */
  add(images: readonly LabelledImage[]): Promise<void>;
  /** The counts so far, a layer each. */
  readonly counts: readonly LayerCounts[];
  dispose(): Promise<void>;
}

/** Compiles a plan's program. */
export async function openTally(plan: TallyPlan, runtime: Runtime): Promise<Tally> {
  const { graph, layers, preprocess, table, batch, size } = plan;
  const program = await compileForHost(runtime, graph);
  const counts = layers.map(({ levels }) => noLayerCounts(levels.length, table.concepts.length, table.categories.length));
  const counters = layers.map((layer, i) => new ActiveCounter(layer, size, table, counts[i]));
  const input = emptyInput(preprocess, batch, size);
  return {
    counts,
    add: async (images) => {
      writeInput(
        images.map(({ picture }) => picture),
        size,
        preprocess,
        input.data,
      );
      const outputs = await program.run({ [INPUT]: input });
      for (const [i, counter] of counters.entries()) {
        const scores = await readOutput(outputs, scoresName(i));
        const item = scores.length / batch;
        for (const [at, { index, labels, permuted }] of images.entries())
          counter.add(scores, at * item, labels, permuted, index % 2 === 0 ? 0 : 1);
      }
      releaseOutputs(outputs);
    },
    dispose: () => program.dispose(),
  };
}
