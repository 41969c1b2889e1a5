/** Timing an optimisation step: the whole of it, and the network's forward pass alone at the same size and batch. */
import type { RenderSettings } from '../../data/schema.ts';
import { float32 } from '../graph/tensor.ts';
import { INPUT, type Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { openRenderer } from './open.ts';
import { coloursOf } from './programs.ts';
import { canvasSize } from './transformation.ts';

export interface BenchRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Name or slug. */
  readonly layer: string;
  readonly settings: RenderSettings;
  readonly batch: number;
}

/** Medians, in milliseconds for one image. */
export interface BenchResult {
  layer: string;
  size: number;
  batch: number;
  /** The whole step: parameterisation, transformation, network, gradient, Adam. */
  ms_per_image_step: number;
  /** Spread of the steps: half the distance between the quartiles. */
  ms_spread: number;
  forward_ms_per_image: number;
  runtime: string;
  threads: number;
}

/** Steps and passes at the start of a round that are not counted: caches fill. */
const WARM_UP = 3;
/** The step and the forward pass take turns this often, so that what else the machine does touches both alike. */
const ROUNDS = 5;

/** Renders `settings.steps` steps of the first channels of a layer a round, and as many forward passes, and times each. */
export async function benchLayer({ model, runtime, layer, settings, batch }: BenchRequest): Promise<BenchResult> {
  const timed = { ...settings, steps: settings.steps + WARM_UP, redirect_steps: 0 };
  const renderer = await openRenderer({ model, runtime, layer, settings: timed, batch });
  const channels = renderer.layer.shape[0];
  const jobs = Array.from({ length: batch }, (_, i) => {
    const direction = new Float32Array(channels);
    direction[i % channels] = 1;
    return { unit: `channel-${i % channels}`, direction, seed: 0 };
  });
  const side = canvasSize(settings);
  const forward = await runtime.compile(model.graph({ layers: [renderer.layer.name], batch, height: side, width: side }));
  const colours = coloursOf(model);
  const input = float32([batch, colours, side, side], new Float32Array(batch * colours * side * side).fill(0.1));
  const steps: number[] = [];
  const passes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const marks: number[] = [];
    await renderer.render(jobs, { onStep: () => marks.push(performance.now()) });
    steps.push(...marks.slice(WARM_UP).map((mark, i) => (mark - marks[WARM_UP + i - 1]) / batch));
    for (let i = -WARM_UP; i < settings.steps; i++) {
      const start = performance.now();
      await forward.run({ [INPUT]: input });
      if (i >= 0) passes.push((performance.now() - start) / batch);
    }
  }
  await Promise.all([renderer.dispose(), forward.dispose()]);
  return {
    layer: renderer.layer.name,
    size: settings.size,
    batch,
    ms_per_image_step: quantile(steps, 0.5),
    ms_spread: (quantile(steps, 0.75) - quantile(steps, 0.25)) / 2,
    forward_ms_per_image: quantile(passes, 0.5),
    runtime: `${runtime.version}, ${runtime.device}`,
    threads: runtime.threads,
  };
}

/** The value below which the share lies, of an unsorted list. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
