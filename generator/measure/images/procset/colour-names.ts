/** The eleven basic colour terms, and which pixels have one for certain. */
import { toLab } from '../../lab.ts';
import type { Picture } from '../../picture.ts';

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
export const MARGIN = 7;

function lies(core: Core, l: number, chroma: number, hue: number, margin: number): boolean {
  const [lightness, chromas, hues] = core;
  if (l < lightness[0] - margin || l > lightness[1] + margin || chroma < chromas[0] - margin || chroma > chromas[1] + margin) return false;
  if (!hues) return true;
  const past = (((hue - hues[0] + margin) % 360) + 360) % 360;
  return past <= hues[1] - hues[0] + 2 * margin;
}

const FLAT: readonly { readonly name: number; readonly core: Core }[] = COLOUR_NAMES.flatMap((name, index) =>
  CORES[name].map((core) => ({ name: index + 1, core })),
);

/** The index of a CIE Lab colour's name plus one, 0 for none, with the cores widened by `margin`. */
export function nameOf(l: number, a: number, b: number, margin = 0): number {
  const chroma = Math.sqrt(a * a + b * b);
  const hue = (Math.atan2(b, a) * 180) / Math.PI;
  for (let k = 0; k < FLAT.length; k++) if (lies(FLAT[k].core, l, chroma, hue, margin)) return FLAT[k].name;
  return 0;
}

/** The basic colour term of a CIE Lab colour, or nothing where people would disagree. */
export function basicColour(l: number, a: number, b: number): ColourName | undefined {
  return COLOUR_NAMES[nameOf(l, a, b) - 1];
}

/** Levels of each of red, green and blue in the table; a level stands for four values. */
const LEVELS = 64;
/** In the table: a border runs near, so the colour itself has to be looked at. */
const NEAR_BORDER = 255;
let table: Uint8Array | undefined;

/** The names of the middles of all levels; {@link NEAR_BORDER} where one of the 26 neighbours has another. */
function makeTable(): Uint8Array {
  const pixels = new Uint8Array(LEVELS ** 3 * 3);
  for (let i = 0; i < LEVELS ** 3; i++) pixels.set([(i >> 12) * 4 + 2, ((i >> 6) & 63) * 4 + 2, (i & 63) * 4 + 2], 3 * i);
  const { l, a, b } = toLab({ size: Math.sqrt(LEVELS ** 3), pixels });
  const middles = Uint8Array.from(l, (lightness, i) => nameOf(lightness, a[i], b[i]));
  return middles.map((name, i) => {
    for (let red = Math.max(0, (i >> 12) - 1); red <= Math.min(63, (i >> 12) + 1); red++)
      for (let green = Math.max(0, ((i >> 6) & 63) - 1); green <= Math.min(63, ((i >> 6) & 63) + 1); green++)
        for (let blue = Math.max(0, (i & 63) - 1); blue <= Math.min(63, (i & 63) + 1); blue++)
          if (middles[(red << 12) | (green << 6) | blue] !== name) return NEAR_BORDER;
    return name;
  });
}

/** {@link nameOf} for every pixel of a picture, row-major. */
export function namePixels(picture: Picture): Uint8Array {
  table ??= makeTable();
  const { pixels } = picture;
  const { l, a, b } = toLab(picture);
  const names = new Uint8Array(l.length);
  for (let at = 0, i = 0; at < names.length; at++, i += 3) {
    const name = table[((pixels[i] >> 2) << 12) | ((pixels[i + 1] >> 2) << 6) | (pixels[i + 2] >> 2)];
    names[at] = name === NEAR_BORDER ? nameOf(l[at], a[at], b[at]) : name;
  }
  return names;
}
