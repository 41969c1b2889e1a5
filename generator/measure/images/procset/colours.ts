/** The eleven basic colour terms: which pixels have one for certain, and colours to paint with. */
import type { RandomStream } from '../../../render/random.ts';
import { toLab } from '../../lab.ts';

/** Berlin and Kay, "Basic Color Terms", 1969. */
export const COLOUR_NAMES = ['black', 'grey', 'white', 'red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink', 'brown'] as const;

type ColourName = (typeof COLOUR_NAMES)[number];

/** Lightness and chroma from, to; hue in degrees from, counter-clockwise to (CIE LCh of Lab, D65). */
type Core = readonly [lightness: readonly [number, number], chroma: readonly [number, number], hue?: readonly [number, number]];

/**
 * The core of each name: colours that nobody would call otherwise. Chosen around the focal colours (Berlin and Kay; Sturges and Whitfield, "Locating
 * basic colours in the Munsell space", 1995), where the names of several people agree. Between the cores lie colours without a certain name:
 * a pixel there has no colour concept, so that none is wrong at a border.
 */
const CORES: Readonly<Record<ColourName, readonly Core[]>> = {
  black: [
    [
      [0, 16],
      [0, 9],
    ],
  ],
  grey: [
    [
      [38, 72],
      [0, 4],
    ],
  ],
  white: [
    [
      [93, 100],
      [0, 6],
    ],
  ],
  red: [
    [
      [28, 58],
      [60, 130],
      [20, 43],
    ],
  ],
  orange: [
    [
      [58, 78],
      [58, 130],
      [52, 76],
    ],
  ],
  yellow: [
    [
      [78, 98],
      [52, 130],
      [88, 106],
    ],
  ],
  green: [
    [
      [26, 86],
      [46, 130],
      [129, 162],
    ],
  ],
  // Light and vivid blues: between them and beside purple, lightness decides.
  blue: [
    [
      [40, 82],
      [30, 90],
      [238, 283],
    ],
    [
      [20, 50],
      [55, 140],
      [275, 307],
    ],
  ],
  purple: [
    [
      [20, 60],
      [36, 130],
      [313, 333],
    ],
  ],
  pink: [
    [
      [52, 88],
      [26, 90],
      [346, 376],
    ],
  ],
  brown: [
    [
      [22, 44],
      [22, 50],
      [45, 75],
    ],
  ],
};

/** What a name's core is widened by, on every side, before a colour without name is drawn outside it: lightness and chroma, and degrees of hue. */
const MARGIN = 7;

interface Swatch {
  /** Red, green, blue, 0 to 255. */
  readonly rgb: readonly [number, number, number];
  readonly lab: readonly [number, number, number];
}

function lies(core: Core, l: number, chroma: number, hue: number, margin: number): boolean {
  const [lightness, chromas, hues] = core;
  if (l < lightness[0] - margin || l > lightness[1] + margin || chroma < chromas[0] - margin || chroma > chromas[1] + margin) return false;
  if (!hues) return true;
  const past = (((hue - hues[0] + margin) % 360) + 360) % 360;
  return past <= hues[1] - hues[0] + 2 * margin;
}

/** Levels of each of red, green and blue in the table of names; a level stands for four values. */
const LEVELS = 64;
let table: Uint8Array | undefined;

/**
 * The name of every 64th level of red, green and blue, as an index into {@link COLOUR_NAMES} plus one; 0 is no name. Read it at
 * `(red >> 2) << 12 | (green >> 2) << 6 | blue >> 2`.
 */
export function colourNames(): Uint8Array {
  if (table) return table;
  const pixels = new Uint8Array(LEVELS ** 3 * 3);
  for (let i = 0; i < LEVELS ** 3; i++) pixels.set([(i >> 12) * 4 + 2, ((i >> 6) & 63) * 4 + 2, (i & 63) * 4 + 2], 3 * i);
  const { l, a, b } = toLab({ size: Math.sqrt(LEVELS ** 3), pixels });
  table = Uint8Array.from(l, (lightness, i) => nameOf(lightness, a[i], b[i]));
  return table;
}

function nameOf(l: number, a: number, b: number, margin = 0): number {
  const chroma = Math.sqrt(a * a + b * b);
  const hue = (Math.atan2(b, a) * 180) / Math.PI;
  return COLOUR_NAMES.findIndex((name) => CORES[name].some((core) => lies(core, l, chroma, hue, margin))) + 1;
}

/** The basic colour term of a CIE Lab colour, or nothing where people would disagree. */
export function basicColour(l: number, a: number, b: number): ColourName | undefined {
  return COLOUR_NAMES[nameOf(l, a, b) - 1];
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
const SHARES: readonly number[] = [0.07, 0.11, 0.14, 0.09, 0.2, 0.075, 0.04, 0.045, 0.065, 0.11, 0.09];
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
  const names = colourNames();
  for (;;) {
    const [a, b] = [mutedColour(stream), mutedColour(stream)];
    const apart = difference(a, b);
    if (apart < 20 || apart > 55) continue;
    const mixed = [0.2, 0.4, 0.5, 0.6, 0.8].map((t) => a.rgb.map((value, c) => Math.round(value + (b.rgb[c] - value) * t)));
    if (mixed.every(([red, green, blue]) => names[((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2)] === 0)) return [a, b];
  }
}

export type { Swatch };
