/** Opening a layer to render it: the optimisation's loop. */
import { AtlasError } from '../graph/errors.ts';
import { findLayer } from '../models/layers.ts';
import { compileDeviceStepper } from './device-stepper.ts';
import { compileHostStepper } from './host-stepper.ts';
import type { LayerRequest, Rendered, Renderer, RenderJob, RenderOptions } from './renderer.ts';
import type { Stepper } from './stepper.ts';

/** Compiles a layer's programs for rendering. */
export async function openRenderer(request: LayerRequest): Promise<Renderer> {
  const layer = findLayer(request.model, request.layer, request.settings.size);
  const { runtime, settings, batch } = request;
  const compile = runtime.memory === 'host' ? compileHostStepper : compileDeviceStepper;
  const stepper = await compile({ ...request, layer: layer.name });
  return {
    layer,
    settings,
    batch,
    render: async (jobs, options = {}) => {
      if (jobs.length === 0 || jobs.length > batch) throw new AtlasError(`render: expected 1 to ${batch} jobs, received ${jobs.length}`);
      if (jobs.some((job) => job.seed !== jobs[0].seed))
        throw new AtlasError('render: expected one seed for all jobs of a batch, since they share their transformations, received several');
      return optimise(stepper, jobs, request, options);
    },
    dispose: () => stepper.dispose(),
  };
}

async function optimise(
  stepper: Stepper,
  jobs: readonly RenderJob[],
  { settings }: LayerRequest,
  { signal, onStep }: RenderOptions,
): Promise<Rendered[]> {
  const { steps, size } = settings;
  const curves = jobs.map(() => new Float32Array(steps));
  await stepper.start(jobs);
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const scores = await stepper.step(step);
    for (let b = 0; b < jobs.length; b++) curves[b][step] = scores[b];
    onStep?.(step);
  }
  const images = await stepper.images();
  return curves.map((curve, b) => finish(images.subarray(b * 3 * size * size, (b + 1) * 3 * size * size), curve, size));
}

/** Below this deviation of the 8-bit values a picture is called flat: nobody sees anything in it. */
const FLAT_DEVIATION = 2;

/** Planar values in [0,1] to interleaved bytes, with a verdict. */
function finish(image: Float32Array, curve: Float32Array, size: number): Rendered {
  const area = size * size;
  const pixels = new Uint8Array(3 * area);
  let sum = 0;
  let squares = 0;
  for (let colour = 0; colour < 3; colour++) {
    for (let i = 0; i < area; i++) {
      const value = Math.round(255 * Math.min(1, Math.max(0, image[colour * area + i])));
      pixels[3 * i + colour] = value;
      sum += value;
      squares += value * value;
    }
  }
  const finite = curve.every(Number.isFinite) && image.every(Number.isFinite);
  const deviation = Math.sqrt(Math.max(0, squares / pixels.length - (sum / pixels.length) ** 2));
  return { state: !finite ? 'diverged' : deviation < FLAT_DEVIATION ? 'flat' : 'ok', pixels, curve };
}
