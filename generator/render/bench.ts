/** Timing an optimisation step: the whole of it, and the network's forward pass alone at the same size and batch. */
import type { RenderSettings } from '../../data/schema.ts';
import { float32, sizeOf } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
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

/** Steps at the start that are not counted: caches fill, and the redirected program runs. */
const WARM_UP = 3;

/** Renders `settings.steps` steps of the first channels of a layer, warmed up, and times each. */
export async function benchLayer({ model, runtime, layer, settings, batch }: BenchRequest): Promise<BenchResult> {
  const timed = { ...settings, steps: settings.steps + WARM_UP, redirect_steps: 0 };
  const renderer = await openRenderer({ model, runtime, layer, settings: timed, batch });
  const channels = renderer.layer.shape[0];
  const jobs = Array.from({ length: batch }, (_, i) => {
    const direction = new Float32Array(channels);
    direction[i % channels] = 1;
    return { unit: `channel-${i % channels}`, direction, seed: 0 };
  });
  const marks: number[] = [];
  await renderer.render(jobs, { onStep: () => marks.push(performance.now()) });
  await renderer.dispose();
  const steps = marks.slice(WARM_UP).map((mark, i) => (mark - marks[WARM_UP + i - 1]) / batch);
  const forward = await timeForward(model, runtime, findLayer(model, layer).name, canvasSize(settings), batch, settings.steps);
  return {
    layer: renderer.layer.name,
    size: settings.size,
    batch,
    ms_per_image_step: quantile(steps, 0.5),
    ms_spread: (quantile(steps, 0.75) - quantile(steps, 0.25)) / 2,
    forward_ms_per_image: quantile(forward, 0.5) / batch,
    runtime: `${runtime.version}, ${runtime.device}`,
    threads: runtime.threads,
  };
}

async function timeForward(model: Model, runtime: Runtime, layer: string, side: number, batch: number, runs: number): Promise<number[]> {
  const program = await runtime.compile(model.graph({ layers: [layer], batch, height: side, width: side }));
  const shape = [batch, coloursOf(model), side, side];
  const input = float32(shape, new Float32Array(sizeOf(shape)).fill(0.1));
  const times: number[] = [];
  for (let i = -WARM_UP; i < runs; i++) {
    const start = performance.now();
    await program.run({ [INPUT]: input });
    if (i >= 0) times.push(performance.now() - start);
  }
  await program.dispose();
  return times;
}

/** The value below which the share lies, of an unsorted list. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
