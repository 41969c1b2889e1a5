/** Opening a layer to render it. */
import { AtlasError } from '../graph/errors.ts';
import { findLayer } from '../models/layers.ts';
import { compileDeviceStepper } from './device-stepper.ts';
import { hostPrograms } from './host-programs.ts';
import { compileHostStepper } from './host-stepper.ts';
import { optimise } from './optimise.ts';
import type { LayerRequest, Renderer } from './renderer.ts';
import { openThreads } from './threads.ts';

/**
 * Compiles a layer's programs for rendering. On the CPU each thread has pictures of its own, from start to finish: that keeps every core busy
 * where sharing each operator between them does not (test/bench/RESULTS.md).
 */
export async function openRenderer(request: LayerRequest): Promise<Renderer> {
  const { model, settings, batch } = request;
  const layer = findLayer(model, request.layer, settings.size);
  const { render, dispose } = await openSteps({ ...request, layer: layer.name });
  return {
    layer,
    settings,
    batch,
    render: async (jobs, options = {}) => {
      if (jobs.length === 0 || jobs.length > batch) throw new AtlasError(`render: expected 1 to ${batch} jobs, received ${jobs.length}`);
      if (jobs.some((job) => job.seed !== jobs[0].seed))
        throw new AtlasError('render: expected one seed for all jobs of a batch, since they share their transformations, received several');
      return render(jobs, options);
    },
    dispose,
  };
}

async function openSteps(request: LayerRequest): Promise<Pick<Renderer, 'render' | 'dispose'>> {
  const { model, runtime, layer, settings, batch } = request;
  const threads = Math.min(runtime.threads, batch);
  if (runtime.memory === 'host' && runtime.name === 'onnxruntime' && threads > 1)
    return openThreads(hostPrograms(model, layer, settings), threads);
  const stepper = await (runtime.memory === 'host'
    ? compileHostStepper(hostPrograms(model, layer, settings), runtime)
    : compileDeviceStepper(request));
  return { render: (jobs, options = {}) => optimise(stepper, jobs, settings, options), dispose: () => stepper.dispose() };
}
