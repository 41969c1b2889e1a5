/** What a position of a layer sees, as a part of the picture. */
import type { Example } from '../../data/schema.ts';
import type { Axis, Grid } from '../measure/dissection/grid.ts';

/** Fractions are kept to so many digits: a hundredth of a pixel of a picture of 100. */
const DIGITS = 4;

/**
 * The square of `side` pixels about the centre of position number `position` (row by row; those that are none of the image first), in a picture of
 * `size` pixels: left, top, width and height as fractions, cut at the picture's edges. A position that is none of the image sees all of it.
 */
export function fieldBox({ rows, columns, skip }: Grid, side: number, size: number, position: number): Example['box'] {
  const place = position - skip;
  if (place < 0) return [0, 0, 1, 1];
  const [left, width] = extent(columns, place % columns.count, side, size);
  const [top, height] = extent(rows, Math.floor(place / columns.count), side, size);
  return [left, top, width, height];
}

function extent({ start, step }: Axis, index: number, side: number, size: number): [number, number] {
  // Whole numbers are the centres of pixels, whose edges are half a pixel away.
  const centre = start + step * index + 0.5;
  const from = Math.min(size, Math.max(0, centre - side / 2));
  const until = Math.min(size, Math.max(from, centre + side / 2));
  return [rounded(from / size), rounded((until - from) / size)];
}

const rounded = (value: number) => Number(value.toFixed(DIGITS));
