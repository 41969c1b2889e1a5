/** A small set of images with planted concepts: coloured rectangles on grey, each colour a concept, and which half of the image a pixel is in. */
import { float32 } from '../../../generator/graph/tensor.ts';
import type { Concept, ImageSet, Labels } from '../../../generator/measure/images/image-set.ts';
import type { Picture } from '../../../generator/measure/picture.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { draws, handMadeModel, PLAIN_CONV } from '../../render/tiny-model.ts';

/** Primary colours, full on or off, so that sums of their values are exact. */
const COLOURS = [
  ['red', [255, 0, 0]],
  ['green', [0, 255, 0]],
  ['blue', [0, 0, 255]],
  ['white', [255, 255, 255]],
] as const;

export const PLANTED: readonly Concept[] = [
  ...COLOURS.map(([id]) => ({ id, category: 'colour' })),
  { id: 'left', category: 'half' },
  { id: 'right', category: 'half' },
  { id: 'rare', category: 'rare' },
];

interface Made {
  readonly picture: Picture;
  readonly labels: Labels;
}

/**
 * Black images with up to three rectangles of about `share` of the side. Every image has halves; one in five has no rectangle, and so carries no
 * colour; in every seventh the top left pixel is `rare` too. Cells: 0 left, 1 right, and left and right of every colour, then rare.
 */
export function plantedImages(n: number, size: number, { share = 0.2, seed = 0 } = {}): ImageSet & { readonly read: { pictures: number } } {
  const read = { pictures: 0 };
  const make = (index: number): Made => {
    const stream = new RandomStream(seed, 'planted', index);
    const pixels = new Uint8Array(3 * size * size);
    const cell = Uint8Array.from({ length: size * size }, (_, p) => (p % size < size / 2 ? 0 : 1));
    const count = index % 5 === 4 ? 0 : 1 + stream.below(3);
    for (let r = 0; r < count; r++) {
      const colour = stream.below(COLOURS.length);
      const [height, width] = [0, 0].map(() => Math.max(1, Math.round(size * share * stream.between(0.6, 1.4))));
      const [top, left] = [stream.below(size - height + 1), stream.below(size - width + 1)];
      for (let y = top; y < top + height; y++)
        for (let x = left; x < left + width; x++) {
          const p = y * size + x;
          pixels.set(COLOURS[colour][1], 3 * p);
          cell[p] = 2 + 2 * colour + (x < size / 2 ? 0 : 1);
        }
    }
    const concepts: number[][] = [
      [4],
      [5],
      ...COLOURS.flatMap((_, c) => [
        [c, 4],
        [c, 5],
      ]),
    ];
    if (index % 7 === 3) {
      concepts.push([...concepts[cell[0]], 6]);
      cell[0] = concepts.length - 1;
    }
    return { picture: { size, pixels }, labels: { cell, concepts } };
  };
  return {
    id: 'planted',
    kind: 'generated',
    n,
    size,
    sha256: '0'.repeat(64),
    concepts: PLANTED,
    read,
    picture: async (index) => {
      read.pictures++;
      return make(index).picture;
    },
    labels: async (index) => make(index).labels,
  };
}

/** A network whose layer is the pixels. */
export function pixels(): Model {
  return handMadeModel(
    (builder) => {
      const same = builder.constant(float32([3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1]));
      builder.add('Conv', [INPUT, same], PLAIN_CONV, { outputs: ['layer'] });
    },
    { scale: [1, 1, 1], offset: [0, 0, 0] },
  );
}

/** Random unit rows of a layer, and levels that some of its values exceed. */
export function someDirections(channels: number, count: number, level = 0.4): { directions: Float32Array; levels: Float64Array } {
  const directions = draws(`directions-${channels}-${count}`, count * channels);
  for (let d = 0; d < count; d++) {
    const row = directions.subarray(d * channels, (d + 1) * channels);
    const norm = Math.hypot(...row);
    for (let c = 0; c < channels; c++) row[c] /= norm;
  }
  return { directions, levels: new Float64Array(count).fill(level) };
}
