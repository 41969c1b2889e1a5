/** Sizes of the images: which one a file is made for, and what is said of one that does not go. */
import { fault, reason } from '../../graph/errors.ts';
import type { ImageInput } from './image-input.ts';
import type { Instances, Whole } from './instance.ts';

/** What most published networks were trained at. */
const USUAL = 224;
/** Others, tried where shapes are written into a file that does not say for which size. */
const OTHERS = [256, 299, 384, 192, 512, 128, 96, 64, 48, 32, 28];

/** A size, and whether the file or the user says so. */
export interface NaturalSize {
  readonly height: number;
  readonly width: number;
  readonly stated: boolean;
  readonly whole: Whole;
}

/** The size that a file is made for, with the graph at that size. `told` is what the user says. */
export function naturalSize(
  instances: Instances,
  { height, width }: ImageInput,
  metadata: ReadonlyMap<string, string>,
  told?: number,
): NaturalSize {
  const stated = told ?? height ?? width ?? sizeFrom(metadata);
  const extents = { height: told ?? height ?? stated ?? USUAL, width: told ?? width ?? stated ?? USUAL };
  let best = { ...extents, whole: instances.whole(extents.height, extents.width) };
  if (stated === undefined) {
    for (const size of misfits(best.whole) > 0 ? OTHERS : []) {
      const whole = instances.whole(size, size);
      if (misfits(whole) < misfits(best.whole)) best = { height: size, width: size, whole };
      if (misfits(best.whole) === 0) break;
    }
  }
  return { ...best, stated: stated !== undefined };
}

/** What goes wrong with a size: operators that do not fit each other, and vectors at the end that are not one for each image. */
function misfits({ lowering, outputs }: Whole): number {
  const merged = outputs.filter((name) => {
    const shape = lowering.builder.shape(name);
    return shape.length === 2 && shape[0] !== lowering.batch;
  });
  return merged.length + lowering.misfits;
}

/** Ultralytics' exporter writes `imgsz`: `[640, 640]`. */
function sizeFrom(metadata: ReadonlyMap<string, string>): number | undefined {
  const size = Number((metadata.get('imgsz') ?? '').match(/\d+/)?.[0]);
  return size >= 1 && size <= 4096 ? size : undefined;
}

/** A request that failed at another size than the file's own. */
export interface Misfit {
  /** The model's id. */
  readonly where: string;
  readonly layers: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly own: Pick<NaturalSize, 'height' | 'width'>;
  /** The file has height or width written into its input. */
  readonly fixed: boolean;
  readonly cause: unknown;
}

/** What is said of a size that does not go: the least that does, or the only one. `fits` tries a size. */
export function sizeFault({ where, layers, height, width, own, fixed, cause }: Misfit, fits: (size: number) => boolean): Error {
  const side = Math.min(height, width);
  const least = side < Math.min(own.height, own.width) ? leastSize(side, Math.min(own.height, own.width), fits) : undefined;
  const name = `the layer "${layers.join(', ')}"`;
  if (least !== undefined)
    return fault({
      where,
      expected: `an image size of at least ${least} pixels`,
      name,
      received: `${height}×${width}`,
      remedy: `The image size is too small for the layer: use ${least} pixels or more a side, or a layer nearer to the image.`,
      cause,
    });
  const near = fixed || height !== width ? [] : nearestSizes(side, fits);
  if (near.length > 0)
    return fault({
      where,
      expected: `images of ${near.join(' or ')} pixels a side`,
      name,
      received: `${height}×${width}`,
      remedy: `The layer does not fit that size: use ${near.join(' or ')}, which are the nearest that do. (${reason(cause).split('\n')[0]})`,
      cause,
    });
  const why = fixed ? 'Shapes of that size are written into the file' : 'The layer does not fit that size';
  return fault({
    where,
    expected: `images of ${own.height}×${own.width} pixels`,
    name,
    received: `${height}×${width}`,
    remedy: `${why}: use ${own.height}×${own.width} pixels, a layer nearer to the image, or export the model with open height and width. (${reason(cause).split('\n')[0]})`,
    cause,
  });
}

/** How far off a size is looked for that fits. */
const FARTHEST = 32;

/** The nearest sizes below and above one that does not fit: a network that halves its maps and joins them takes every second, eighth, … */
function nearestSizes(size: number, fits: (size: number) => boolean): number[] {
  const find = (step: number) => {
    for (let off = 1; off <= FARTHEST && size + step * off > 0; off++) if (fits(size + step * off)) return [size + step * off];
    return [];
  };
  return [...find(-1), ...find(1)];
}

/** The smallest size above `from` that fits, where those up to the file's own do; nothing where shapes are written into the file. */
function leastSize(from: number, own: number, fits: (size: number) => boolean): number | undefined {
  let [small, large] = [from, own];
  // A file with shapes written into it takes its own size and none beside it.
  if (own - from < 2 || !fits(own - 1)) return undefined;
  while (large - small > 1) {
    const middle = (small + large) >> 1;
    if (fits(middle)) large = middle;
    else small = middle;
  }
  return large;
}
