/** Opening a layer to render it: the optimisation's loop. */
import type { RenderSettings } from '../../data/schema.ts';
import { AtlasError } from '../graph/errors.ts';
import { findLayer } from '../models/layers.ts';
import { compileDeviceStepper } from './device-stepper.ts';
import { compileHostStepper } from './host-stepper.ts';
import type { LayerRequest, Rendered, Renderer, RenderJob, RenderOptions } from './renderer.ts';
import { type Stepper, withLayerNames } from './stepper.ts';

/** Compiles a layer's programs for rendering. */
export async function openRenderer(request: LayerRequest): Promise<Renderer> {
  const layer = findLayer(request.model, request.layer, request.settings.size);
  const { runtime, batch } = request;
  const others = (request.others ?? []).map((other) => findLayer(request.model, other, request.settings.size).name);
  const settings = withLayerNames(request);
  const compile = runtime.memory === 'host' ? compileHostStepper : compileDeviceStepper;
  const stepper = await compile({ ...request, settings, layer: layer.name, others });
  return {
    layer,
    settings: request.settings,
    batch,
    render: async (jobs, options = {}) => {
      if (jobs.length === 0 || jobs.length > batch) throw new AtlasError(`render: expected 1 to ${batch} jobs, received ${jobs.length}`);
      checkSeeds(jobs, settings);
      return optimise(stepper, jobs, request, options);
    },
    dispose: () => stepper.dispose(),
  };
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

async function optimise(
  stepper: Stepper,
  jobs: readonly RenderJob[],
  { settings, batch }: LayerRequest,
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
  const length = images.length / batch;
  return curves.map((curve, b) => finish(images.subarray(b * length, (b + 1) * length), curve, size, settings.transparency !== undefined));
}

/** Below this deviation of the 8-bit values a picture is called flat: nobody sees anything in it. */
const FLAT_DEVIATION = 2;

/**
 * Planar values in [0,1] to interleaved bytes, with a verdict. One colour is shown as grey; of more than three the first three are, and of two
 * the third is grey: no rule for many colours is right for every network, and this one keeps their values.
 */
function finish(image: Float32Array, curve: Float32Array, size: number, hasAlpha: boolean): Rendered {
  const area = size * size;
  const channels = image.length / area;
  const colours = channels - (hasAlpha ? 1 : 0);
  const planes = [0, 1, 2].map((colour) => (colours === 1 ? 0 : colour < colours ? colour : undefined));
  if (hasAlpha) planes.push(colours);
  const pixels = new Uint8Array(planes.length * area);
  let sum = 0;
  let squares = 0;
  for (const [k, plane] of planes.entries()) {
    for (let i = 0; i < area; i++) {
      const value = plane === undefined ? GREY : Math.round(255 * Math.min(1, Math.max(0, image[plane * area + i])));
      pixels[planes.length * i + k] = value;
      sum += value;
      squares += value * value;
    }
  }
  const finite = curve.every(Number.isFinite) && image.every(Number.isFinite);
  const deviation = Math.sqrt(Math.max(0, squares / pixels.length - (sum / pixels.length) ** 2));
  const state = !finite ? 'diverged' : deviation < FLAT_DEVIATION ? 'flat' : 'ok';
  return { state, pixels, ...(colours === 1 || colours === 3 ? {} : { values: image.slice(0, colours * area) }), curve };
}

const GREY = 128;
