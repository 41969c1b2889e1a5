/** The optimisation's loop: from jobs to finished pictures, whoever carries out the steps. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Rendered, RenderJob, RenderOptions } from './renderer.ts';
import type { Stepper } from './stepper.ts';

/** Runs every step. `signal` is looked at between steps: anything with `throwIfAborted` will do. */
export async function optimise(
  stepper: Stepper,
  jobs: readonly RenderJob[],
  settings: RenderSettings,
  { signal, onStep, frames }: Omit<RenderOptions, 'signal'> & { readonly signal?: Pick<AbortSignal, 'throwIfAborted'> },
): Promise<Rendered[]> {
  const { steps, size } = settings;
  const curves = jobs.map(() => new Float32Array(steps));
  const kept = jobs.map((): Uint8Array[] => []);
  const hasAlpha = settings.transparency !== undefined;
  const picturesNow = async () => {
    const images = await stepper.images();
    const length = images.length / jobs.length;
    return jobs.map((_, b) => images.subarray(b * length, (b + 1) * length));
  };
  const keep = async (after: number) => {
    if (!frames?.includes(after)) return;
    for (const [b, image] of (await picturesNow()).entries()) kept[b].push(toPixels(image, size, hasAlpha));
  };
  await stepper.start(jobs);
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    await keep(step);
    const scores = await stepper.step(step);
    for (let b = 0; b < jobs.length; b++) curves[b][step] = scores[b];
    onStep?.(step);
  }
  await keep(steps);
  const images = await picturesNow();
  return curves.map((curve, b) => ({ ...finish(images[b], curve, size, hasAlpha), ...(frames ? { frames: kept[b] } : {}) }));
}

/** Below this deviation of the 8-bit values a picture is called flat: nobody sees anything in it. */
const FLAT_DEVIATION = 2;

/** A finished picture with a verdict. */
function finish(image: Float32Array, curve: Float32Array, size: number, hasAlpha: boolean): Rendered {
  const pixels = toPixels(image, size, hasAlpha);
  const colours = image.length / size ** 2 - (hasAlpha ? 1 : 0);
  let sum = 0;
  let squares = 0;
  for (const value of pixels) {
    sum += value;
    squares += value * value;
  }
  const finite = curve.every(Number.isFinite) && image.every(Number.isFinite);
  const deviation = Math.sqrt(Math.max(0, squares / pixels.length - (sum / pixels.length) ** 2));
  const state = !finite ? 'diverged' : deviation < FLAT_DEVIATION ? 'flat' : 'ok';
  return { state, pixels, ...(colours === 1 || colours === 3 ? {} : { values: image.slice(0, colours * size ** 2) }), curve };
}

/**
 * Planar values in [0,1] to interleaved bytes. One colour is shown as grey; of more than three the first three are, and of two the third is grey:
 * no rule for many colours is right for every network, and this one keeps their values.
 */
function toPixels(image: Float32Array, size: number, hasAlpha: boolean): Uint8Array {
  const area = size * size;
  const colours = image.length / area - (hasAlpha ? 1 : 0);
  const planes = [0, 1, 2].map((colour) => (colours === 1 ? 0 : colour < colours ? colour : undefined));
  if (hasAlpha) planes.push(colours);
  const pixels = new Uint8Array(planes.length * area);
  for (const [k, plane] of planes.entries()) {
    for (let i = 0; i < area; i++)
      pixels[planes.length * i + k] = plane === undefined ? GREY : Math.round(255 * Math.min(1, Math.max(0, image[plane * area + i])));
  }
  return pixels;
}

const GREY = 128;
