/** Opening a layer to read it. */
import { AtlasError } from '../graph/errors.ts';
import { float32Data, type Tensor, zeros } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
import { INPUT, type Preprocess } from '../models/model.ts';
import { isLinear } from './objective/score.ts';
import { MASK, objectiveMask } from './objective.ts';
import { coloursOf, objectiveLayerNames, probeGraph, REFERENCE, scoreGraph } from './programs.ts';
import { readPicture } from './regulariser/lucid.ts';
import type { LayerRequest, Probe, RenderJob } from './renderer.ts';
import { objectiveInputs } from './stepper.ts';

/** Compiles a layer's network for reading. */
export async function openProbe(request: LayerRequest): Promise<Probe> {
  const { model, runtime, settings, batch } = request;
  const layer = findLayer(model, request.layer, settings.size);
  const program = await runtime.compile(probeGraph({ ...request, layer: layer.name }));
  const [channels, height, width] = layer.shape;
  const colours = coloursOf(model);
  const mask = objectiveMask(settings, height, width);
  const item = colours * settings.size ** 2;
  const input = zeros([batch, colours, settings.size, settings.size]);
  const check = (images: Float32Array, count: number) => {
    if (images.length !== count * item)
      throw new AtlasError(
        `probe: expected ${count} pictures of [${colours},${settings.size},${settings.size}], received ${images.length} values`,
      );
  };
  const scorer = await openScorer({ ...request, layer: layer.name });
  return {
    layer,
    batch,
    pooled: async (images, count) => {
      check(images, count);
      const result = new Float32Array(count * channels);
      for (let from = 0; from < count; from += batch) {
        const until = Math.min(count, from + batch);
        preprocess(images.subarray(from * item, until * item), settings.size ** 2, model.preprocess, input.data);
        const { pooled } = await program.run({ [INPUT]: input, [MASK]: mask });
        result.set(float32Data(pooled as Tensor, 'pooled').subarray(0, (until - from) * channels), from * channels);
      }
      return result;
    },
    ...(scorer
      ? {
          scores: async (images: Float32Array, jobs: readonly RenderJob[]) => {
            check(images, jobs.length);
            return scorer.run(images, jobs);
          },
        }
      : {}),
    dispose: async () => {
      await program.dispose();
      await scorer?.dispose();
    },
  };
}

/** A program for scores that a direction's product with the pooled activations does not give. A picture is scored alone, without its group. */
async function openScorer(request: LayerRequest) {
  const { model, runtime, batch } = request;
  const { group: _, ...settings } = request.settings;
  const others = (request.others ?? []).map((other) => findLayer(model, other, settings.size).name);
  if (isLinear(settings, others)) return undefined;
  const program = await runtime.compile(scoreGraph({ ...request, settings, others }));
  const shapes = objectiveLayerNames({ layer: request.layer, others, settings }).map((name) => findLayer(model, name, settings.size).shape);
  const colours = coloursOf(model);
  const size = [colours, settings.size, settings.size];
  const input = zeros([batch, ...size]);
  const item = input.data.length / batch;
  const area = settings.size ** 2;
  const references: Record<string, Tensor> = {};
  if (settings.reference) {
    const reference = zeros([1, ...size]);
    preprocess(readPicture(settings.reference, size, 'the picture of the caricature').data, area, model.preprocess, reference.data);
    references[REFERENCE] = reference;
  }
  return {
    run: async (images: Float32Array, jobs: readonly RenderJob[]) => {
      const result = new Float32Array(jobs.length);
      for (let from = 0; from < jobs.length; from += batch) {
        const part = jobs.slice(from, from + batch);
        preprocess(images.subarray(from * item, (from + part.length) * item), area, model.preprocess, input.data);
        const outputs = await program.run({ ...objectiveInputs(part, settings, batch, shapes), ...references, [INPUT]: input });
        result.set(float32Data(outputs.score as Tensor, 'score').subarray(0, part.length), from);
      }
      return result;
    },
    dispose: () => program.dispose(),
  };
}

/** Writes pictures into the network's range, plane by plane. */
function preprocess(pictures: Float32Array, area: number, { scale, offset }: Preprocess, input: Float32Array): void {
  for (let start = 0; start < pictures.length; start += area) {
    const colour = (start / area) % scale.length;
    const [a, b] = [scale[colour], offset[colour]];
    for (let i = start; i < start + area; i++) input[i] = a * pictures[i] + b;
  }
}
