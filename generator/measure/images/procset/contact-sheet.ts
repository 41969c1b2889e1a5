/**
 * Makes the picture that shows every concept of `procset-1` once, for a person to judge whether it is what its name says:
 * `node generator/measure/images/procset/contact-sheet.ts [FILE]`, by default the one that the site serves.
 */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Picture } from '../../picture.ts';
import { composeImage } from './compose.ts';
import { CONCEPTS } from './concepts.ts';

const FILE = fileURLToPath(new URL('../../../../site/public/site/procset-1.webp', import.meta.url));
/** Of how many pictures a tile is cut, and of which size. */
const [PICTURES, SIZE] = [700, 224];
const [TILE, CAPTION, COLUMNS, GAP] = [76, 12, 12, 4];
/** Pixels shown around what is labelled. */
const MARGIN = 8;

/** Where a concept is seen: a square of a picture. */
interface View {
  readonly index: number;
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** How well it is seen: labelled pixels, up to what a well-seen region has, times the share of the view that they fill. */
  readonly clear: number;
}

/** A region that is seen well: its pixels, and the share of a square around it that a compact one fills. */
const [ENOUGH, SOLID] = [0.045 * SIZE * SIZE, 0.5];

/** The first picture that shows each concept well. */
function findViews(): (View | undefined)[] {
  const views: (View | undefined)[] = CONCEPTS.map(() => undefined);
  for (let index = 0; index < PICTURES; index++) {
    const { labels } = composeImage(index, SIZE);
    for (const concept of new Set(labels.concepts.flat())) {
      const has = labels.concepts.map((concepts) => concepts.includes(concept));
      const view = viewOf(index, labels.cell, has);
      if (view && view.clear > (views[concept]?.clear ?? 0)) views[concept] = view;
    }
  }
  return views;
}

function viewOf(index: number, cell: Uint8Array, has: readonly boolean[]): View | undefined {
  let [left, right, top, bottom, area] = [SIZE, -1, SIZE, -1, 0];
  for (let at = 0; at < cell.length; at++) {
    if (!has[cell[at]]) continue;
    const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
    [left, right, top, bottom, area] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y), area + 1];
  }
  const side = Math.max(right - left, bottom - top) + 1 + 2 * MARGIN;
  // What is labelled all over the picture, as a colour is that the background has, is shown elsewhere.
  if (side > SIZE / 2) return undefined;
  const inside = (middle: number) => Math.round(Math.min(SIZE - side, Math.max(0, middle - side / 2)));
  return {
    index,
    left: inside((left + right + 1) / 2),
    top: inside((top + bottom + 1) / 2),
    side,
    clear: Math.min(area, ENOUGH) * Math.min(SOLID, area / side ** 2),
  };
}

function cut({ size, pixels }: Picture, { left, top, side }: View): Promise<Buffer> {
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .extract({ left, top, width: side, height: side })
    .resize(TILE, TILE, { kernel: 'cubic' })
    .png()
    .toBuffer();
}

const captionOf = (text: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE}" height="${CAPTION}"><text x="0" y="9" font-family="DejaVu Sans, sans-serif" font-size="7" fill="#222">${text}</text></svg>`,
  );

const views = findViews();
const rows = Math.ceil(CONCEPTS.length / COLUMNS);
const layers = await Promise.all(
  views.map(async (view, concept) => {
    if (!view) throw new Error(`procset: no picture of ${PICTURES} shows ${CONCEPTS[concept].id} in one place`);
    const left = GAP + (concept % COLUMNS) * (TILE + GAP);
    const top = GAP + Math.floor(concept / COLUMNS) * (TILE + CAPTION + GAP);
    const tile = await cut(composeImage(view.index, SIZE).picture, view);
    const caption = captionOf(CONCEPTS[concept].id.replace('structure-', '').replace(/^(stochastic|periodic|composite|colour)-/, ''));
    return [
      { input: tile, left, top },
      { input: caption, left, top: top + TILE },
    ];
  }),
);
const file = process.argv[2] ?? FILE;
const { size } = await sharp({
  create: { width: GAP + COLUMNS * (TILE + GAP), height: GAP + rows * (TILE + CAPTION + GAP), channels: 3, background: '#fff' },
})
  .composite(layers.flat())
  .toFile(file);
console.log(`${file}: ${CONCEPTS.length} concepts, ${size} bytes`);
