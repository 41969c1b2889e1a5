/** Opening a layer to render it. */
import type { RenderSettings } from '../../data/schema.ts';
import { FEWEST_IN_LOOPS } from '../compile/loops.ts';
import { AtlasError } from '../graph/errors.ts';
import { findLayer } from '../models/layers.ts';
import { channelsOfBlock } from '../runtime/block.ts';
import { compileDeviceStepper } from './device-stepper.ts';
import { hostPrograms } from './host-programs.ts';
import { compileHostStepper } from './host-stepper.ts';
import { optimise } from './optimise.ts';
import type { LayerRequest, Renderer, RenderJob } from './renderer.ts';
import { withLayerNames } from './stepper.ts';
import { openThreads } from './threads.ts';

/**
 * Compiles a layer's programs for rendering. On the CPU each thread has pictures of its own, from start to finish: that keeps every core busy
 * where sharing each operator between them does not (test/bench/RESULTS.md).
 */
export async function openRenderer(request: LayerRequest): Promise<Renderer> {
  const { model, batch } = request;
  const layer = findLayer(model, request.layer, request.settings.size);
  const others = (request.others ?? []).map((other) => findLayer(model, other, request.settings.size).name);
  const settings = withLayerNames(request);
  const { render, dispose } = await openSteps({ ...request, settings, layer: layer.name, others });
  return {
    layer,
    settings: request.settings,
    batch,
    render: async (jobs, options = {}) => {
      if (jobs.length === 0 || jobs.length > batch) throw new AtlasError(`render: expected 1 to ${batch} jobs, received ${jobs.length}`);
      checkSeeds(jobs, settings);
      return render(jobs, options);
    },
    dispose,
  };
}

async function openSteps(request: LayerRequest): Promise<Pick<Renderer, 'render' | 'dispose'>> {
  const { runtime, settings, batch } = request;
  const groups = Math.floor(batch / (settings.group?.pictures ?? 1));
  const threads = runtime.name === 'onnxruntime' ? Math.min(runtime.threads, groups) : 1;
  // What several threads share does not lie in one's cache, and the loops have one thread.
  const fewest = threads > 1 || runtime.threads === 1 ? FEWEST_IN_LOOPS : Number.POSITIVE_INFINITY;
  const loops = runtime.name === 'onnxruntime' && runtime.device === 'cpu' ? { loops: { fewest, block: await channelsOfBlock() } } : {};
  const programs = () => hostPrograms({ ...request, device: runtime.device, ...loops }, batch / threads);
  if (runtime.memory === 'host' && threads > 1) return openThreads(programs(), threads);
  const stepper = await (runtime.memory === 'host' ? compileHostStepper(programs(), runtime) : compileDeviceStepper(request));
  return { render: (jobs, options = {}) => optimise(stepper, jobs, settings, options), dispose: () => stepper.dispose() };
}

/** A batch shares its transformations, which the first seed names: its jobs have one seed, or its groups the same seeds in the same order. */
function checkSeeds(jobs: readonly RenderJob[], { group }: RenderSettings): void {
  const pictures = group?.pictures ?? 1;
  if (jobs.length % pictures !== 0 || jobs.some(({ unit }, i) => unit !== jobs[i - (i % pictures)].unit))
    throw new AtlasError(
      `render: expected ${pictures} jobs of each unit after each other, since they are optimised together, received others`,
    );
  if (jobs.some(({ seed }, i) => seed !== jobs[i % pictures].seed))
    throw new AtlasError('render: expected one seed for all jobs of a batch, since they share their transformations, received several');
}
