/** A small deterministic engine for the tests of the store and the schedule: every interface is kept, no network is run. */
import { type RenderSettings, renderSettings } from '../../data/schema.ts';
import type { Engine } from '../../generator/batch/engine.ts';
import { fault } from '../../generator/graph/errors.ts';
import type { Layer, Model } from '../../generator/models/model.ts';
import { RandomStream } from '../../generator/render/random.ts';
import type { Rendered, Renderer, RenderJob } from '../../generator/render/renderer.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';

export const WEIGHTS = 'ab'.repeat(32);

export interface StandInOptions {
  /** Milliseconds that one step takes. */
  stepTime?: number;
  steps?: number;
  /** Units whose render throws. */
  broken?: readonly string[];
  weights?: string;
  /** Called when a batch starts. */
  onRender?: (jobs: readonly RenderJob[]) => void;
}

const layer = (name: string, channels: number, tap: Layer['tap']): Layer => ({
  name: `net/${name}`,
  slug: name,
  tap,
  operator: 'Conv',
  shape: [channels, 4, 4],
  receptiveField: 7,
  stride: 2,
});

export const LAYERS: readonly Layer[] = [layer('early', 6, 'before'), layer('bottleneck', 5, 'linear'), layer('late', 9, 'after')];

export function standInModel(weights: string = WEIGHTS): Model {
  return {
    id: 'stand-in',
    title: 'Stand-in',
    format: 'test',
    source: 'test',
    licence: 'MIT',
    weightsSha256: weights,
    preprocess: { scale: [1, 1, 1], offset: [0, 0, 0] },
    size: 16,
    assumptions: [],
    layers: () => LAYERS,
    graph: () => {
      throw new Error('the stand-in has no graph');
    },
  };
}

const RUNTIME: Runtime = {
  name: 'stand-in',
  device: 'cpu',
  memory: 'host',
  version: 'stand-in 1',
  threads: 1,
  compile: () => Promise.reject(new Error('the stand-in compiles nothing')),
};

export const SETTINGS: RenderSettings = renderSettings.parse({
  size: 16,
  steps: 4,
  objective: 'channel',
  learning_rate: 0.05,
  schedule: 'cosine',
  decay_power: 1,
  start_deviation: 0.01,
  decorrelate: true,
  pad: 0,
  border: 'grey',
  jitter: 0,
  scale: [1, 1],
  rotate: 0,
  final_jitter: 0,
  redirect_steps: 0,
  l2: 0,
  total_variation: 0,
});

export function standInEngine({ stepTime = 0, steps = 4, broken = [], weights, onRender }: StandInOptions = {}): Engine {
  return {
    openModel: async () => standInModel(weights),
    openRuntime: async () => RUNTIME,
    findLayer: (model, reference) => {
      const found = model.layers().find(({ name, slug }) => name === reference || slug === reference);
      if (found) return found;
      throw fault({
        where: model.id,
        expected: 'a layer',
        name: 'the layer',
        received: reference,
        remedy: 'Run "atlas layers".',
        exitCode: 2,
      });
    },
    resolveSettings: ({ preset: _, ...plan }, own) => renderSettings.parse({ ...SETTINGS, steps, ...plan, ...own }),
    openRenderer: async ({ model, layer, settings, batch }): Promise<Renderer> => ({
      layer: model.layers().find(({ name }) => name === layer) ?? LAYERS[0],
      settings,
      batch,
      async render(jobs, { signal, onStep, frames } = {}) {
        const together = settings.group?.pictures ?? 1;
        if (jobs.some(({ seed }, i) => seed !== jobs[i % together].seed) || jobs.length % together !== 0 || jobs.length > batch)
          throw new Error('the batch is not one');
        onRender?.(jobs);
        for (let step = 0; step < settings.steps; step++) {
          signal?.throwIfAborted();
          if (stepTime > 0) await new Promise((resolve) => setTimeout(resolve, stepTime));
          onStep?.(step);
        }
        const failing = jobs.find(({ unit }) => broken.includes(unit));
        if (failing) throw new Error(`no picture of ${failing.unit}`);
        return jobs.map((job) => ({
          ...renderJob(job, settings),
          ...(frames ? { frames: frames.map((step) => randomPixels(job, settings, step)) } : {}),
        }));
      },
      dispose: async () => undefined,
    }),
    openProbe: async ({ model, layer, batch }) => {
      const known = model.layers().find(({ name }) => name === layer) ?? LAYERS[0];
      return {
        layer: known,
        batch,
        pooled: async (images, count) => {
          const [channels] = known.shape;
          const length = images.length / count;
          return Float32Array.from({ length: count * channels }, (_, i) => images[Math.floor(i / channels) * length + (i % channels)]);
        },
        dispose: async () => undefined,
      };
    },
  };
}

function randomPixels({ unit, direction, seed }: RenderJob, { size, steps, group }: RenderSettings, step = steps): Uint8Array {
  const random = new RandomStream('stand-in', unit, seed, direction.join(), step, group?.pictures ?? 1);
  return Uint8Array.from({ length: size * size * 3 }, () => random.below(256));
}

function renderJob(job: RenderJob, settings: RenderSettings): Rendered {
  const { steps } = settings;
  const random = new RandomStream('stand-in curve', job.unit, job.seed);
  return {
    state: 'ok',
    pixels: randomPixels(job, settings),
    curve: Float32Array.from({ length: steps }, (_, step) => step + random.uniform()),
  };
}
