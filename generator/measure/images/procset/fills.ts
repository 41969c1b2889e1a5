/** What a region is filled with: which concept, and how it is painted. */
import type { RandomStream } from '../../../render/random.ts';
import { type Paint, paletteOf } from './canvas.ts';
import { COLOUR_STRUCTURES } from './colour-structure.ts';
import type { Swatch } from './colours.ts';
import { conceptIndex } from './concepts.ts';
import { grating, ORIENTATIONS, stripeNormal, WAVELENGTHS } from './grating.ts';
import { type Kernel, parameters } from './kernel.ts';
import { PERIODIC } from './periodic.ts';
import { STOCHASTIC } from './stochastic.ts';

/** A fill before its place is known. */
export interface Fill {
  readonly concepts: readonly number[];
  /** The least area that shows it, as a share of the picture. */
  readonly least: number;
  paint(pixel: number, radius: number): Paint;
}

/** Shares of the regions by fill; what is left is of one colour. Chosen so that a concept has 0.3 to 0.8% of the pixels. */
const SHARES = { grating: 0.335, periodic: 0.18, stochastic: 0.15, structure: 0.15, composite: 0.14 };

/** Which of the kinds of fill a region has. */
export function drawFillKind(stream: RandomStream): keyof typeof SHARES | 'flat' {
  let left = stream.uniform();
  for (const [kind, share] of Object.entries(SHARES)) {
    left -= share;
    if (left < 0) return kind as keyof typeof SHARES;
  }
  return 'flat';
}

/** Seeds are below this. */
const SEEDS = 2 ** 20;

/** A fill of a kind other than `composite`, in the colours given, or in its own if it is a structure of colours. */
export function drawFill(kind: ReturnType<typeof drawFillKind>, stream: RandomStream, pair: readonly Swatch[]): Fill {
  if (kind === 'grating') return drawGrating(stream, pair);
  if (kind === 'periodic') {
    const [name, fill] = choose(stream, PERIODIC);
    const oriented = name === 'brick' || name === 'scales' || name === 'grid' || name === 'plaid';
    return turned(stream, `periodic-${name}`, fill, pair, stream.between(11, 18), oriented ? 0.3 : Math.PI, [stream.uniform()]);
  }
  if (kind === 'stochastic') {
    const [name, fill] = choose(stream, STOCHASTIC);
    const place = [stream.between(0, 256), stream.between(0, 256)];
    return turned(stream, `stochastic-${name}`, fill, pair, stream.between(10, 15), name === 'white' ? 0 : Math.PI, place);
  }
  if (kind === 'structure') {
    const [name, { fill, palette }] = choose(stream, COLOUR_STRUCTURES);
    return turned(stream, `structure-${name}`, fill, palette(stream), 0, Math.PI, []);
  }
  return turned(stream, undefined, flat, [pair[0]], 1, 0, []);
}

const flat: Kernel = () => 0;

/** Long waves get regions that are wide enough for two of them. */
function drawGrating(stream: RandomStream, pair: readonly Swatch[]): Fill {
  const orientation = ORIENTATIONS[stream.below(ORIENTATIONS.length)];
  const wavelength = WAVELENGTHS[stream.below(WAVELENGTHS.length)];
  const phase = stream.between(0, 2 * Math.PI);
  const concepts = [`${orientation}-${wavelength}`, orientation, `${wavelength}px`].map((name) => conceptIndex(`grating-${name}`));
  return {
    concepts: concepts.sort((a, b) => a - b),
    least: wavelength === 32 ? 0.06 : wavelength === 16 ? 0.035 : 0,
    paint: (pixel) => ({
      fill: grating,
      p: parameters(pixel, wavelength, 0, ...stripeNormal(orientation), phase),
      cos: 1,
      sin: 0,
      palette: paletteOf(pair),
    }),
  };
}

/** `scale` 0 is the region's radius. */
function turned(
  stream: RandomStream,
  concept: string | undefined,
  fill: Kernel,
  colours: readonly Swatch[],
  scale: number,
  most: number,
  own: readonly number[],
): Fill {
  const angle = stream.between(-most, most);
  const seed = stream.below(SEEDS);
  return {
    concepts: concept === undefined ? [] : [conceptIndex(concept)],
    least: 0,
    paint: (pixel, radius) => ({
      fill,
      p: parameters(pixel, scale || radius, seed, ...own),
      cos: Math.cos(angle),
      sin: Math.sin(angle),
      palette: paletteOf(colours),
    }),
  };
}

/** One of a table's entries, all with equal chance. */
export function choose<T>(stream: RandomStream, table: Readonly<Record<string, T>>): [string, T] {
  const entries = Object.entries(table);
  return entries[stream.below(entries.length)];
}
