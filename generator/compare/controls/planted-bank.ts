/** A network that is known to have interpretable channels: 48 detectors of gratings and 16 of colours, and a linear layer that reads them. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operators } from '../../graph/graph.ts';
import { float32 } from '../../graph/tensor.ts';
import { ORIENTATIONS, WAVELENGTHS } from '../../measure/images/procset/grating.ts';
import { INPUT, type Model } from '../../models/model.ts';
import { RandomStream } from '../../render/random.ts';
import { gaborFilters } from './gabor-filters.ts';
import { handMadeModel } from './hand-made.ts';

/** The layer with the detectors, which no non-linearity follows, and the one that reads it. */
export const BANK = 'bank';
export const READER = 'reader';

/** What a channel was made to detect. */
export interface Planted {
  /** `grating-30-8` or `colour-red`. */
  readonly concept: string;
}

/** Channels of the picture that the gratings are looked for in: its lightness, and its blue. */
const EYES = [
  [0.3, 0.59, 0.11],
  [0, 0, 1],
] as const;

/** A focal colour each, and five colours twice, sRGB. */
const COLOURS: readonly (readonly [name: string, red: number, green: number, blue: number])[] = [
  ['black', 12, 12, 12],
  ['grey', 132, 132, 132],
  ['white', 247, 247, 247],
  ['red', 222, 24, 40],
  ['orange', 242, 133, 22],
  ['yellow', 246, 222, 40],
  ['green', 34, 160, 56],
  ['blue', 40, 60, 210],
  ['purple', 140, 34, 150],
  ['pink', 245, 150, 180],
  ['brown', 122, 72, 30],
  ['blue', 80, 160, 240],
  ['green', 60, 210, 80],
  ['red', 180, 10, 30],
  ['yellow', 215, 195, 20],
  ['pink', 230, 110, 150],
];

/** The channels of {@link BANK}, in order. */
export const PLANTED: readonly Planted[] = [
  ...EYES.flatMap(() =>
    ORIENTATIONS.flatMap((orientation) => WAVELENGTHS.map((wavelength) => ({ concept: `grating-${orientation}-${wavelength}` }))),
  ),
  ...COLOURS.map(([name]) => ({ concept: `colour-${name}` })),
];

/** Positions of the bank are so many pixels apart. */
const STRIDE = 4;
/** The longest wavelength, in pixels of a level, that is looked for there: the next level takes what is longer. */
const COARSEST = 6;
/** L1 distance in sRGB at which a colour is not the focal one any more. */
const COLOUR_RADIUS = 0.45;

/**
 * Gratings: |Gabor| of two phases, averaged over 3 × 3 positions, less a share of what the other orientations and wavelengths see, rectified: a step
 * edge, which has some of every wavelength, and a corner, which has every orientation, are not gratings. Colours: 1 − |x − focal|₁/r, rectified and
 * averaged. `scales`, `[64]`, multiply the channels: a random direction is a fair mixture of channels only where all vary alike.
 */
export function plantedBank(size: number, scales: ArrayLike<number> = new Float32Array(PLANTED.length).fill(1)): Model {
  return handMadeModel({ id: 'planted-bank', title: 'Planted bank', size, add: (builder) => addBank(builder, size, scales) });
}

/** Adds the network's nodes; returns the name of the reader's value. */
export function addBank(builder: GraphBuilder, size: number, scales: ArrayLike<number>): string {
  const both = builder.add('Concat', [addGratings(builder, size), addColours(builder)], { axis: 1 });
  const count = PLANTED.length;
  const scaled = new Float32Array(count * count);
  for (let c = 0; c < count; c++) scaled[c * count + c] = scales[c];
  const bank = builder.add('Conv', [both, builder.constant(float32([count, count, 1, 1], scaled))], plain(1), { outputs: [BANK] });
  const stream = new RandomStream('planted-bank', READER);
  const reader = Float32Array.from({ length: 8 * count }, () => stream.normal() / Math.sqrt(count));
  return builder.add('Conv', [bank, builder.constant(float32([8, count, 1, 1], reader))], plain(1), { outputs: [READER] });
}

/** The coarser wavelengths are looked for in a picture made smaller, level by level, so that their filters stay small. */
function addGratings(builder: GraphBuilder, size: number): string {
  let [picture, level] = [INPUT, 1];
  const energies = WAVELENGTHS.map((wavelength) => {
    const lambda = (wavelength * size) / 224;
    for (; lambda / level > COARSEST && level < STRIDE; level *= 2) picture = pool(builder, picture, 2, 2);
    const radius = Math.ceil(1.3 * (lambda / level));
    const weights = gaborFilters(EYES, lambda / level, radius);
    const side = 2 * radius + 1;
    const filters = builder.constant(float32([weights.length / (3 * side * side), 3, side, side], weights));
    const stride = STRIDE / level;
    const waves = builder.add('Conv', [picture, filters], { ...plain(stride), pads: padded(radius, stride) });
    return builder.add('Abs', [waves], {});
  });
  const pooled = pool(builder, builder.add('Concat', energies, { axis: 1 }), 3, 1);
  return builder.add('Relu', [builder.add('Conv', [pooled, inhibition(builder)], plain(1))], {});
}

/** Means of `side` × `side` positions, every `stride`, as many as fit; with stride 1, as many as there were. */
function pool(builder: GraphBuilder, value: string, side: number, stride: number): string {
  const pad = stride === 1 ? (side - 1) / 2 : 0;
  return builder.add('AveragePool', [value], {
    kernel_shape: [side, side],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    ceil_mode: 0,
    count_include_pad: 1,
  });
}

/** Share of what the others see that is taken off. */
const INHIBITION = 0.9;

/** From `[wavelength, eye, orientation, phase]` to `[eye, orientation, wavelength]`: the two phases, less the mean of the other gratings. */
function inhibition(builder: GraphBuilder): string {
  const [eyes, orientations, wavelengths] = [EYES.length, ORIENTATIONS.length, WAVELENGTHS.length];
  const inputs = eyes * orientations * wavelengths * 2;
  const weights = new Float32Array((inputs / 2) * inputs);
  let row = 0;
  for (let eye = 0; eye < eyes; eye++)
    for (let orientation = 0; orientation < orientations; orientation++)
      for (let wavelength = 0; wavelength < wavelengths; wavelength++, row++)
        for (let w = 0; w < wavelengths; w++)
          for (let o = 0; o < orientations; o++)
            for (let phase = 0; phase < 2; phase++) {
              const own = w === wavelength && o === orientation;
              const neighbour =
                Math.abs(w - wavelength) + Math.min(Math.abs(o - orientation), orientations - Math.abs(o - orientation)) === 1;
              weights[row * inputs + ((w * eyes + eye) * orientations + o) * 2 + phase] = own
                ? 1
                : neighbour
                  ? -INHIBITION / 4
                  : -INHIBITION / 20;
            }
  return builder.constant(float32([inputs / 2, inputs, 1, 1], weights));
}

function addColours(builder: GraphBuilder): string {
  const count = COLOURS.length;
  const pick = new Float32Array(3 * count * 3);
  const focal = new Float32Array(3 * count);
  const sum = new Float32Array(count * 3 * count);
  for (const [k, [, ...rgb]] of COLOURS.entries())
    for (let c = 0; c < 3; c++) {
      pick[(3 * k + c) * 3 + c] = 1;
      focal[3 * k + c] = 0.5 - rgb[c] / 255;
      sum[k * 3 * count + 3 * k + c] = -1 / COLOUR_RADIUS;
    }
  const shifted = builder.add(
    'Conv',
    [INPUT, builder.constant(float32([3 * count, 3, 1, 1], pick)), builder.constant(float32([3 * count], focal))],
    plain(2),
  );
  const distance = builder.add('Abs', [shifted], {});
  const one = builder.constant(float32([count], new Float32Array(count).fill(1)));
  const near = builder.add('Conv', [distance, builder.constant(float32([count, 3 * count, 1, 1], sum)), one], plain(1));
  return pool(builder, builder.add('Relu', [near], {}), 2, 2);
}

function plain(stride: number): Operators['Conv'] {
  return { strides: [stride, stride], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
}

/** Padding that puts a filter's middle at the middle of each cell of `stride` pixels, and gives one position for each. */
function padded(radius: number, stride: number): number[] {
  const before = radius - Math.floor((stride - 1) / 2);
  const after = 2 * radius + 1 - stride - before;
  return [before, before, after, after];
}
