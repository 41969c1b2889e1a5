/** The optimisation's loop: from jobs to finished pictures, whoever carries out the steps. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Rendered, RenderJob, RenderOptions } from './renderer.ts';
import type { Stepper } from './stepper.ts';

/** Runs every step. `signal` is looked at between steps: anything with `throwIfAborted` will do. */
export async function optimise(
  stepper: Stepper,
  jobs: readonly RenderJob[],
  { steps, size }: RenderSettings,
  { signal, onStep }: { readonly signal?: Pick<AbortSignal, 'throwIfAborted'>; readonly onStep?: RenderOptions['onStep'] },
): Promise<Rendered[]> {
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
