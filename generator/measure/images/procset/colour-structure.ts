/**
 * Ten arrangements of colour. Boundaries, gradients and spots along the three opponent axes of early vision (Hering 1878; Derrington, Krauskopf and
 * Lennie, "Chromatic mechanisms in lateral geniculate nucleus of macaque", 1984; spots: the double-opponent cells of Livingstone and Hubel 1984,
 * which networks have too: Olah et al., "An overview of early vision in InceptionV1", 2020), and two of many hues.
 * A boundary of black and white would be a step edge, which is a line concept; the third axis has a gradient and a spot only.
 */
import type { RandomStream } from '../../../render/random.ts';
import { colourWithin, type Swatch } from './colours.ts';
import { type Kernel, SCALE, SEED } from './kernel.ts';
import { worleyCell } from './stochastic.ts';

/** How a structure is painted: along `u`, in pixels of a picture of 224 over the fill's scale. */
export interface ColourStructure {
  readonly fill: Kernel;
  /** The colours at 0, 1, … of the fill's value. */
  palette(stream: RandomStream): readonly Swatch[];
}

type Box = readonly (readonly [number, number])[];
const RED_GREEN: readonly [Box, Box] = [
  [
    [40, 68],
    [42, 75],
    [0, 45],
  ],
  [
    [45, 75],
    [-75, -32],
    [-5, 45],
  ],
];
const BLUE_YELLOW: readonly [Box, Box] = [
  [
    [28, 65],
    [-20, 50],
    [-90, -38],
  ],
  [
    [70, 95],
    [-22, 18],
    [42, 95],
  ],
];
const BLACK_WHITE: readonly [Box, Box] = [
  [
    [3, 20],
    [-8, 8],
    [-8, 8],
  ],
  [
    [84, 98],
    [-8, 8],
    [-8, 8],
  ],
];

const ends =
  ([first, second]: readonly [Box, Box]) =>
  (stream: RandomStream): readonly Swatch[] => {
    const pair = [colourWithin(stream, first), colourWithin(stream, second)];
    return stream.uniform() < 0.5 ? pair : pair.reverse();
  };

/** Six hues around the circle, as vivid as sRGB shows them together, beginning anywhere. */
function hues(stream: RandomStream): readonly Swatch[] {
  const boxes: readonly Box[] = [
    [
      [45, 60],
      [55, 80],
      [25, 65],
    ],
    [
      [75, 98],
      [-25, 12],
      [55, 95],
    ],
    [
      [55, 85],
      [-85, -45],
      [15, 75],
    ],
    [
      [70, 92],
      [-50, -25],
      [-30, 0],
    ],
    [
      [28, 60],
      [10, 70],
      [-95, -55],
    ],
    [
      [45, 70],
      [65, 95],
      [-65, -15],
    ],
  ];
  const colours = boxes.map((box) => colourWithin(stream, box));
  const turn = stream.below(6);
  const turned = [...colours.slice(turn), ...colours.slice(0, turn)];
  return stream.uniform() < 0.5 ? turned : turned.reverse();
}

const boundary: Kernel = (u) => (u < 0 ? 0 : 1);
const gradient: Kernel = (u, _v, p) => Math.min(1, Math.max(0, 0.5 + (0.5 * u) / p[SCALE]));
const spot: Kernel = (u, v, p) => (Math.sqrt(u * u + v * v) < 0.46 * p[SCALE] ? 0 : 1);
const rainbow: Kernel = (u, _v, p) => Math.min(5, Math.max(0, 2.5 + (2.5 * u) / p[SCALE]));
const mosaic: Kernel = (u, v, p) => Math.floor(6 * worleyCell((3.2 * u) / p[SCALE], (3.2 * v) / p[SCALE], p[SEED]));

/** By name; the scale of the fill is the radius of a disc as large as the region. */
export const COLOUR_STRUCTURES = {
  'red-green-boundary': { fill: boundary, palette: ends(RED_GREEN) },
  'blue-yellow-boundary': { fill: boundary, palette: ends(BLUE_YELLOW) },
  'red-green-gradient': { fill: gradient, palette: ends(RED_GREEN) },
  'blue-yellow-gradient': { fill: gradient, palette: ends(BLUE_YELLOW) },
  'black-white-gradient': { fill: gradient, palette: ends(BLACK_WHITE) },
  'red-green-spot': { fill: spot, palette: ends(RED_GREEN) },
  'blue-yellow-spot': { fill: spot, palette: ends(BLUE_YELLOW) },
  'black-white-spot': { fill: spot, palette: ends(BLACK_WHITE) },
  rainbow: { fill: rainbow, palette: hues },
  mosaic: { fill: mosaic, palette: hues },
} satisfies Record<string, ColourStructure>;
