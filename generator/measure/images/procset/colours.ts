/** Colours to paint with: some that have a name for certain, some that have none. */
import type { RandomStream } from '../../../render/random.ts';
import { toLab } from '../../lab.ts';
import { COLOUR_NAMES, MARGIN, nameOf } from './colour-names.ts';

/** A colour of sRGB, with its place in CIE Lab. */
export interface Swatch {
  /** Red, green, blue, 0 to 255. */
  readonly rgb: readonly [number, number, number];
  readonly lab: readonly [number, number, number];
}

const GRID = 26;
/** Chroma below which a colour is muted. */
const MUTED = 30;
let swatches: { named: readonly Swatch[][]; quiet: readonly Swatch[]; muted: readonly Swatch[]; all: readonly Swatch[] } | undefined;

/** Colours on a lattice of the sRGB cube, sorted by name: those in a core, and those farther than the margin from every core. */
function sorted(): NonNullable<typeof swatches> {
  if (swatches) return swatches;
  const named: Swatch[][] = COLOUR_NAMES.map(() => []);
  const [quiet, muted, all]: Swatch[][] = [[], [], []];
  const side = Math.ceil(Math.sqrt(GRID ** 3));
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < GRID ** 3; i++)
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = Math.round(((Math.floor(i / GRID ** c) % GRID) * 255) / (GRID - 1));
  const { l, a, b } = toLab({ size: side, pixels });
  for (let i = 0; i < GRID ** 3; i++) {
    const swatch: Swatch = { rgb: [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]], lab: [l[i], a[i], b[i]] };
    all.push(swatch);
    const name = nameOf(l[i], a[i], b[i]);
    if (name > 0) named[name - 1].push(swatch);
    else if (nameOf(l[i], a[i], b[i], MARGIN) === 0) {
      quiet.push(swatch);
      if (Math.hypot(a[i], b[i]) < MUTED) muted.push(swatch);
    }
  }
  swatches = { named, quiet, muted, all };
  return swatches;
}

const pick = (stream: RandomStream, from: readonly Swatch[]): Swatch => from[stream.below(from.length)];

/** A colour from the core of a name. */
function namedColour(stream: RandomStream, name: number): Swatch {
  return pick(stream, sorted().named[name]);
}

/** A colour that has no certain name. */
function quietColour(stream: RandomStream): Swatch {
  return pick(stream, sorted().quiet);
}

/** A colour of the sRGB cube within a box of Lab: lightness, a and b from, to. The box must hold one. */
export function colourWithin(stream: RandomStream, box: readonly (readonly [number, number])[]): Swatch {
  const { all } = sorted();
  for (let tries = 0; tries < 20_000; tries++) {
    const swatch = pick(stream, all);
    if (box.every(([low, high], c) => swatch.lab[c] >= low && swatch.lab[c] <= high)) return swatch;
  }
  throw new Error('procset: no colour lies in the box');
}

/** A colour that has no certain name and is not vivid, as most of the world is. */
export function mutedColour(stream: RandomStream): Swatch {
  return pick(stream, sorted().muted);
}

/** How different two colours look (CIE 1976). */
export function difference(a: Swatch, b: Swatch): number {
  return Math.hypot(a.lab[0] - b.lab[0], a.lab[1] - b.lab[1], a.lab[2] - b.lab[2]);
}

/** How often each name is drawn, so that all are seen equally often: the larger, the less of it gets into the pictures otherwise. */
const SHARES: readonly number[] = [0.065, 0.11, 0.115, 0.09, 0.2, 0.075, 0.04, 0.045, 0.065, 0.11, 0.09];
const TOTAL = SHARES.reduce((sum, share) => sum + share, 0);

/** A colour for a region: one with a name in `chance` of the draws, else one without. */
export function anyColour(stream: RandomStream, chance: number): Swatch {
  if (stream.uniform() >= chance) return quietColour(stream);
  let left = stream.uniform() * TOTAL;
  let name = 0;
  while (name < SHARES.length - 1 && left >= SHARES[name]) left -= SHARES[name++];
  return namedColour(stream, name);
}

/** Two colours unlike in lightness, both unlike `ground` where one is given: dark and light in either order. */
export function colourPair(stream: RandomStream, chance: number, ground?: Swatch): [Swatch, Swatch] {
  let pair: [Swatch, Swatch] = [anyColour(stream, chance), anyColour(stream, chance)];
  for (let tries = 0; tries < 60; tries++) {
    const far = !ground || Math.min(difference(pair[0], ground), difference(pair[1], ground)) > 18;
    if (far && Math.abs(pair[0].lab[0] - pair[1].lab[0]) > 28) return pair;
    pair = [anyColour(stream, chance), anyColour(stream, chance)];
  }
  return pair;
}

/** Two muted colours that have no name, nor get one when they are mixed. */
export function mutedPair(stream: RandomStream): [Swatch, Swatch] {
  const steps = [0.2, 0.4, 0.5, 0.6, 0.8];
  for (;;) {
    const [a, b] = [mutedColour(stream), mutedColour(stream)];
    const apart = difference(a, b);
    if (apart < 20 || apart > 55) continue;
    const mixed = steps.flatMap((t) => a.rgb.map((value, c) => Math.round(value + (b.rgb[c] - value) * t)));
    const {
      l,
      a: greenRed,
      b: blueYellow,
    } = toLab({ size: 4, pixels: Uint8Array.from({ length: 48 }, (_, i) => mixed[i % mixed.length]) });
    if (l.every((lightness, k) => nameOf(lightness, greenRed[k], blueYellow[k]) === 0)) return [a, b];
  }
}
