/** One picture of `procset-1` with its labels, from its index alone. */
import { RandomStream } from '../../../render/random.ts';
import type { Picture } from '../../picture.ts';
import type { Labels } from '../image-set.ts';
import { paintBackground } from './background.ts';
import { Canvas, paletteOf, STATED_SIZE } from './canvas.ts';
import { namePixels } from './colour-names.ts';
import { colourPair, mutedPair, type Swatch } from './colours.ts';
import { COMPOSITES, type Composite } from './composites.ts';
import { conceptIndex } from './concepts.ts';
import { choose, drawFill, drawFillKind, type Fill } from './fills.ts';
import { type Kernel, parameters, SCALE } from './kernel.ts';
import { paintLine } from './line-window.ts';
import { blob, blobRim, measureOutline, SHAPES, voronoiCell, voronoiSides } from './shapes.ts';

/** Goes into the name of every draw: raise it when the same index would give other pixels or labels. */
export const PROCSET = 'procset-1';
/** Below this side a picture is the middle of one of this side: the finest grating needs more than two pixels a stripe. */
const LEAST_SIDE = 128;
/** Chance that a region's colour is one with a name, and that its outline is a shape. */
const NAMED = 0.2;
const SHAPED = 0.18;

/** A region before its place is known. */
interface Region {
  readonly area: number;
  readonly outline: Kernel;
  readonly p: Float64Array;
  readonly turn: number;
  readonly fill: Fill;
  readonly concepts: readonly number[];
}

/**
 * Image `index` at `size` pixels a side. 3 to 6 regions of 2 to 8% of the pixels that do not overlap. Each draws independently its outline (a noise
 * blob, a Voronoi cell, or one of ten shapes), its fill, its pair of colours,
 * and a line feature that is set beside it in a soft window, where there is room; one more feature goes with none.
 *
 * The same (index, size) gives the same bytes wherever the same version of Node runs: V8 brings its own sine, power and logarithm (ports of
 * fdlibm) and does not call the system's; another engine may differ in a last bit, which a test with recorded hashes would show. Places are drawn
 * in pixels, so the composition at two sizes is alike in kind and not the same.
 */
export function composeImage(index: number, size: number): { picture: Picture; labels: Labels } {
  const canvas = new Canvas(Math.max(size, LEAST_SIDE));
  const stream = new RandomStream(PROCSET, index);
  const ground = paintBackground(canvas, stream);
  const regions = Array.from({ length: 3 + stream.below(4) }, () => drawRegion(stream, ground, canvas.pixel));
  const concepts: (readonly number[])[] = [[]];
  for (const region of [...regions].sort((a, b) => b.area - a.area)) placeRegion(canvas, stream, region, concepts);
  for (let k = 0; k <= regions.length; k++) {
    const concept = paintLine(canvas, stream, colourPair(stream, NAMED, ground), concepts.length);
    if (concept !== undefined) concepts.push([concept]);
  }
  return develop(canvas, concepts, size);
}

function drawRegion(stream: RandomStream, ground: Swatch, pixel: number): Region {
  const share = 0.02 + 0.06 * Math.sqrt(stream.uniform());
  const pair = colourPair(stream, NAMED, ground);
  const kind = drawFillKind(stream);
  const angle = stream.between(-1, 1);
  const [shaped, rounded] = [stream.uniform() < SHAPED, stream.uniform() < 0.5];
  const [shape, shapeOutline] = choose(stream, SHAPES);
  const rim = [blobRim(stream), voronoiSides(stream)];
  if (kind === 'composite') return drawComposite(stream, share, pair, angle, pixel, rim[0]);
  const fill = drawFill(kind, stream, pair);
  const outline = shaped ? shapeOutline : rounded ? blob : voronoiCell;
  return {
    area: Math.max(share, fill.least) * STATED_SIZE ** 2,
    outline,
    p: parameters(pixel, 1, 0, ...(shaped ? [] : rim[rounded ? 0 : 1])),
    turn: angle * Math.PI,
    fill,
    concepts: shaped ? [conceptIndex(`shape-${shape}`)] : [],
  };
}

/** A drawing is its own outline; its third colour goes with neither of the others. */
function drawComposite(
  stream: RandomStream,
  share: number,
  pair: readonly Swatch[],
  angle: number,
  pixel: number,
  rim: readonly number[],
): Region {
  const table: Readonly<Record<string, Composite>> = COMPOSITES;
  const [name, { outline, fill, tilt }] = choose(stream, table);
  const p = parameters(pixel, 1, stream.below(2 ** 20), ...rim);
  const palette = paletteOf([...pair, mutedPair(stream)[0]]);
  const turn = (angle * tilt * Math.PI) / 180;
  return {
    area: Math.max(share, 0.03) * STATED_SIZE ** 2,
    outline,
    p,
    turn,
    fill: { concepts: [], least: 0, paint: () => ({ fill, p, cos: Math.cos(turn), sin: Math.sin(turn), palette }) },
    concepts: [conceptIndex(`composite-${name}`)],
  };
}

/** A region for which there is no room is made smaller, down to 2% of the picture, and left out at last. */
function placeRegion(canvas: Canvas, stream: RandomStream, region: Region, concepts: (readonly number[])[]): void {
  const { outline, p, turn, fill } = region;
  const unit = measureOutline(outline, p);
  const least = Math.max(0.02, fill.least) * STATED_SIZE ** 2;
  for (let area = region.area; ; area = Math.max(least, 0.75 * area)) {
    p[SCALE] = Math.sqrt(area / unit.area);
    const sprite = canvas.sprite(outline, p, p[SCALE] * unit.reach, Math.cos(turn), Math.sin(turn));
    const centre = canvas.place(sprite, 0, stream);
    if (centre >= 0) {
      canvas.paint(sprite, centre, fill.paint(canvas.pixel, Math.sqrt(area / Math.PI)), concepts.length);
      concepts.push([...region.concepts, ...fill.concepts].sort((a, b) => a - b));
      return;
    }
    if (area <= least) return;
  }
}

/** Rounds the colours, and makes a cell of the pixels that have the same region and the same colour name: names are read off the rounded pixels. */
function develop(canvas: Canvas, concepts: readonly (readonly number[])[], size: number): { picture: Picture; labels: Labels } {
  const pixels = new Uint8Array(size * size * 3);
  const cell = new Uint8Array(size * size);
  const cells: number[][] = [];
  const cellOf = new Int16Array(concepts.length * 12).fill(-1);
  const skip = (canvas.size - size) >> 1;
  for (let y = 0, to = 0; y < size; y++)
    for (let x = 0, from = 3 * ((y + skip) * canvas.size + skip); x < 3 * size; x++, from++, to++)
      pixels[to] = Math.min(255, Math.max(0, Math.round(canvas.colour[from])));
  const names = namePixels({ size, pixels });
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at++) {
      const from = (y + skip) * canvas.size + x + skip;
      const name = names[at];
      const key = canvas.region[from] * 12 + name;
      if (cellOf[key] < 0) {
        cellOf[key] = cells.length;
        cells.push(name === 0 ? [...concepts[canvas.region[from]]] : [name - 1, ...concepts[canvas.region[from]]]);
      }
      cell[at] = cellOf[key];
    }
  }
  return { picture: { size, pixels }, labels: { cell, concepts: cells } };
}
