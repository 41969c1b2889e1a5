/** Kernels between channels: cut to their extent, the strongest kept, rounded for a file. */
import type { Connection } from '../../data/schema.ts';
import type { Place } from './connections-network.ts';

type Channel = Connection['channels'][number];

/** Rows and columns, the last of each left out. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Channels that a unit's connection keeps. */
const STRONGEST = 6;
/** The largest side of a kernel in a file; of a larger one the middle is shown, while its length and its sum are of all of it. */
export const LARGEST_KERNEL = 15;
/** What is smaller than this share of the largest weight is rounding, and counts as none. */
const ROUNDING = 1e-6;

interface Kept {
  readonly channel: number;
  readonly length: number;
  readonly weight: number;
  readonly box: Box;
  /** Of `box`, row by row. */
  readonly kernel: Float64Array;
}

/** The smallest box that holds every weight that is not zero; nothing where all are. Those below rounding are set to zero. */
export function extentOf(row: Float32Array, place: Place): Box | undefined {
  const { channels, height, width, at } = place;
  const least = ROUNDING * row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const i = at(c, y, x);
        if (row[i] === 0) continue;
        if (Math.abs(row[i]) < least) {
          row[i] = 0;
          continue;
        }
        top = Math.min(top, y);
        left = Math.min(left, x);
        bottom = Math.max(bottom, y + 1);
        right = Math.max(right, x + 1);
      }
  return bottom === 0 ? undefined : { top, left, bottom, right };
}

/** The kernel of one channel of a row, in `box`. */
export function kernelOf(row: Float32Array, { at }: Place, channel: number, { top, left, bottom, right }: Box): Float64Array {
  const width = right - left;
  return Float64Array.from({ length: (bottom - top) * width }, (_, i) => row[at(channel, top + Math.floor(i / width), left + (i % width))]);
}

/** The strongest channels of every unit at one end of a connection, as they come. */
export class Strongest {
  readonly #units: Kept[][];
  #extent: Box | undefined;

  constructor(units: number) {
    this.#units = Array.from({ length: units }, () => []);
  }

  /** Offers a kernel, `[box]` row by row; it is copied where it is kept. Of equal ones the first stays before. */
  offer(unit: number, channel: number, box: Box, kernel: Float64Array): void {
    this.#extent = union(this.#extent, box);
    const length = Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0));
    const kept = this.#units[unit];
    if (length === 0 || (kept.length === STRONGEST && length <= kept[STRONGEST - 1].length)) return;
    const weight = kernel.reduce((sum, value) => sum + value, 0);
    const at = kept.findIndex((other) => other.length < length);
    kept.splice(at === -1 ? kept.length : at, 0, { channel, length, weight, box, kernel: kernel.slice() });
    kept.length = Math.min(kept.length, STRONGEST);
  }

  /** Height and width of the kernels: the smallest box that holds every one that was offered, or the middle of it; then the channels of each unit. */
  finish(): { size: [number, number]; channels: Channel[][] } {
    const { top, left, bottom, right } = this.#extent ?? { top: 0, left: 0, bottom: 1, right: 1 };
    const [height, width] = [Math.min(bottom - top, LARGEST_KERNEL), Math.min(right - left, LARGEST_KERNEL)];
    const window = { top: top + ((bottom - top - height) >> 1), left: left + ((right - left - width) >> 1), height, width };
    const channels = this.#units.map((kept) => kept.map((one) => channelOf(one, window)));
    return { size: [height, width], channels };
  }
}

function union(a: Box | undefined, b: Box): Box {
  if (!a) return b;
  return {
    top: Math.min(a.top, b.top),
    left: Math.min(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom),
    right: Math.max(a.right, b.right),
  };
}

function channelOf({ channel, weight, box, kernel }: Kept, window: { top: number; left: number; height: number; width: number }): Channel {
  const rounded = Number(weight.toPrecision(4));
  if (window.height * window.width === 1) return { channel, weight: rounded };
  const across = box.right - box.left;
  const values = Array.from({ length: window.height * window.width }, (_, i) => {
    const y = window.top + Math.floor(i / window.width) - box.top;
    const x = window.left + (i % window.width) - box.left;
    return y < 0 || x < 0 || y >= box.bottom - box.top || x >= across ? 0 : kernel[y * across + x];
  });
  return { channel, weight: rounded, kernel: roundTogether(values) };
}

/** Three digits of the largest, and as many places of the others. */
function roundTogether(values: readonly number[]): number[] {
  const largest = Math.max(...values.map(Math.abs));
  if (largest === 0) return values.map(() => 0);
  const places = Math.min(100, Math.max(0, 2 - Math.floor(Math.log10(largest))));
  return values.map((value) => Number(value.toFixed(places)) + 0);
}
