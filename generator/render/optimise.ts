/** The optimisation's loop: from jobs to finished pictures, whoever carries out the steps. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Rendered, RenderJob, RenderOptions } from './renderer.ts';
import type { Stepper } from './stepper.ts';

/** Runs every step. `signal` is looked at between steps: anything with `throwIfAborted` will do. */
export async function optimise(
  stepper: Stepper,
  jobs: readonly RenderJob[],
  settings: RenderSettings,
  { signal, onStep }: { readonly signal?: Pick<AbortSignal, 'throwIfAborted'>; readonly onStep?: RenderOptions['onStep'] },
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
  const length = images.length / jobs.length;
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
