/** What lies behind the regions: 1/f noise, one colour, or dead leaves, in muted colours without a certain name. */
import type { RandomStream } from '../../../render/random.ts';
import { type Canvas, type Paint, paletteOf, STATED_SIZE } from './canvas.ts';
import { mutedColour, mutedPair, type Swatch } from './colours.ts';
import { type Kernel, OWN, parameters, SCALE } from './kernel.ts';
import { pinkNoise } from './stochastic.ts';

/** Radii of leaves in stated pixels, and how many are laid, which hides nine tenths of what lies below. */
const [SMALLEST, LARGEST, LEAVES] = [9, 75, 90];

const noise: Kernel = (u, v, p) => Math.min(1, Math.max(0, 0.5 + p[OWN] * pinkNoise(u * p[SCALE] + p[OWN + 1], v * p[SCALE] + p[OWN + 2])));

/** Paints the whole canvas, a third of the pictures each way; returns the colour that stands for it. */
export function paintBackground(canvas: Canvas, stream: RandomStream): Swatch {
  const kind = stream.below(3);
  if (kind === 0) return flat(canvas, stream);
  const [dark, light] = mutedPair(stream);
  cover(canvas, noisePaint(canvas, stream, [dark, light], kind === 1 ? stream.between(0.18, 0.34) : 0.15));
  if (kind === 2) for (let leaf = 0; leaf < LEAVES; leaf++) layLeaf(canvas, stream, leaf);
  return dark;
}

function flat(canvas: Canvas, stream: RandomStream): Swatch {
  const colour = mutedColour(stream);
  for (let i = 0; i < canvas.colour.length; i++) canvas.colour[i] = colour.rgb[i % 3];
  return colour;
}

function noisePaint(canvas: Canvas, stream: RandomStream, colours: readonly Swatch[], contrast: number): Paint {
  const zoom = 2 ** stream.between(-1.5, 0.3);
  const p = parameters(canvas.pixel, zoom, 0, contrast, stream.between(0, 256), stream.between(0, 256));
  return { fill: noise, p, cos: 1, sin: 0, palette: paletteOf(colours) };
}

function cover(canvas: Canvas, paint: Paint): void {
  for (let y = 0, at = 0; y < canvas.size; y++) for (let x = 0; x < canvas.size; x++, at++) canvas.mix(at, x, y, paint, 1);
}

/**
 * A leaf with p(r) ∝ r⁻³ at a uniform place (the dead leaves model, Matheron 1968), one colour with a little noise. Its rim wavers, since a disc would
 * be a shape that is not labelled. They are laid back to front; the earlier, the larger their least radius, so that few small ones are hidden again.
 */
function layLeaf(canvas: Canvas, stream: RandomStream, order: number): void {
  const smallest = SMALLEST + ((LARGEST - SMALLEST) * Math.max(0, 30 - order)) / 60;
  const tail = smallest ** -2;
  const radius = (tail - stream.uniform() * (tail - LARGEST ** -2)) ** -0.5 / canvas.pixel;
  const cx = stream.between(0, canvas.size);
  const cy = stream.between(0, canvas.size);
  const colour = mutedColour(stream);
  const shade = stream.between(3, 9);
  const ox = stream.between(0, STATED_SIZE);
  const oy = stream.between(0, STATED_SIZE);
  const [c2, s2, c3, s3] = [0.2, 0.2, 0.13, 0.13].map((most) => stream.between(-most, most));
  const reach = radius * 1.5 + 1;
  const x0 = Math.max(0, Math.floor(cx - reach));
  const x1 = Math.min(canvas.size - 1, Math.ceil(cx + reach));
  const y0 = Math.max(0, Math.floor(cy - reach));
  const y1 = Math.min(canvas.size - 1, Math.ceil(cy + reach));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const dx = x + 0.5 - cx;
      const dy = y + 0.5 - cy;
      const r = Math.sqrt(dx * dx + dy * dy) + 1e-9;
      // cos 2θ, sin 2θ, cos 3θ, sin 3θ of the direction, without calling them.
      const c = dx / r;
      const s = dy / r;
      const cc = c * c - s * s;
      const ss = 2 * c * s;
      const rim = 1 + c2 * cc + s2 * ss + c3 * (cc * c - ss * s) + s3 * (ss * c + cc * s);
      const inside = Math.min(1, radius * rim - r + 0.5);
      if (inside <= 0) continue;
      const light = shade * pinkNoise(x * canvas.pixel + ox, y * canvas.pixel + oy);
      const at = 3 * (y * canvas.size + x);
      for (let channel = 0; channel < 3; channel++) {
        const value = Math.min(255, Math.max(0, colour.rgb[channel] + light));
        canvas.colour[at + channel] += (value - canvas.colour[at + channel]) * inside;
      }
    }
  }
}
