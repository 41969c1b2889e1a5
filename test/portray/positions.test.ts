/** Where units respond: a network whose answer is known, and boxes by hand. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../../generator/measure/images/image-set.ts';
import type { Model } from '../../generator/models/model.ts';
import { openModel } from '../../generator/models/open.ts';
import { fieldBox } from '../../generator/portray/field-box.ts';
import { findPositions, imagesToSee } from '../../generator/portray/find-positions.ts';
import { openRuntime } from '../../generator/runtime/open.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { CHANNELS, DEAD, SIZE, writePlantedNetwork } from '../compare/planted-network.ts';
import { temporaryFolder } from '../temporary.ts';

let model: Model;
let runtime: Runtime;
beforeAll(async () => {
  model = await openModel(await writePlantedNetwork(`${temporaryFolder('positions')}/net.onnx`));
  runtime = await openRuntime({ device: 'cpu', threads: 1 });
});

/** A channel that is the brightness of the pixel in the middle of its window of nine; `bank` has no padding. */
const SPOT = DEAD - 1;
const MARGIN = 4;

/** Dark images with one bright pixel each, at these columns and rows. */
function spots(places: readonly (readonly [number, number])[]): ImageSet {
  return {
    ...{ id: 'spots', kind: 'generated', n: places.length, size: SIZE, sha256: '' },
    picture: async (index) => {
      const pixels = new Uint8Array(3 * SIZE * SIZE);
      const [x, y] = places[index];
      pixels.fill(255, 3 * (y * SIZE + x), 3 * (y * SIZE + x) + 3);
      return { size: SIZE, pixels };
    },
  } as ImageSet;
}

const oneHot = (channel: number, sign = 1) => Float32Array.from({ length: CHANNELS }, (_, c) => (c === channel ? sign : 0));

describe('the position of greatest response', () => {
  const places = Array.from({ length: 21 }, (_, i) => [4 + ((i * 5) % 24), 4 + ((i * 7) % 24)] as const);

  it('is where the network’s answer is known to be, image by image, over several batches, for the images asked for alone', async () => {
    const wanted = new Map([...places.keys()].filter((i) => i !== 6).map((i) => [i, [0]]));
    const request = { model, runtime, images: spots(places), sought: [{ layer: { name: 'bank' }, directions: oneHot(SPOT), wanted }] };
    const told: number[] = [];
    const [{ grid, positions }] = await findPositions({ ...request, onProgress: (done) => told.push(done) });
    expect(positions.has(6)).toBe(false);
    for (const [number, [position]] of positions) {
      const [x, y] = places[number];
      expect([position % 24, Math.floor(position / 24)]).toEqual([x - MARGIN, y - MARGIN]);
      const [left, top, width, height] = fieldBox(grid, 9, SIZE, position).map((part) => part * SIZE);
      // Nine pixels of which the bright one is the fifth.
      for (const [from, extent, at] of [
        [left, width, x],
        [top, height, y],
      ]) {
        expect(from).toBeCloseTo(at - MARGIN, 2);
        expect(extent).toBeCloseTo(9, 2);
      }
    }
    expect(told.at(-1)).toBe(20);
    expect(imagesToSee(request)).toBe(20);
  });

  it('is each direction’s own, in the order wanted, and the first of equal ones', async () => {
    const directions = new Float32Array([...oneHot(SPOT, -1), ...oneHot(SPOT), ...oneHot(DEAD)]);
    const wanted = new Map([
      [0, [1, 0]],
      [1, [2]],
    ]);
    const [{ positions }] = await findPositions({
      model,
      runtime,
      images: spots([
        [4, 4],
        [20, 9],
      ]),
      sought: [{ layer: { name: 'bank' }, directions, wanted }],
    });
    expect(positions.get(0)).toEqual([0, 1]);
    expect(positions.get(1)).toEqual([0]);
  });

  it('is found for several layers in one run, and for none without running anything', async () => {
    const sought = ['bank', 'bank-relu'].map((name) => ({ layer: { name }, directions: oneHot(SPOT), wanted: new Map([[0, [0]]]) }));
    const found = await findPositions({ model, runtime, images: spots([[15, 9]]), sought });
    expect(found[0].positions.get(0)).toEqual([5 * 24 + 11]);
    expect(found[1].positions.get(0)).toEqual([5 * 24 + 11]);
    const compile = () => Promise.reject(new Error('the network was run'));
    const none = await findPositions({
      ...{ model, images: spots([[15, 9]]), runtime: { ...runtime, compile } },
      sought: [{ layer: { name: 'bank' }, directions: oneHot(SPOT), wanted: new Map() }],
    });
    expect(none[0].positions.size).toBe(0);
  });
});

describe('the box', () => {
  const axis = { count: 4, start: 3.5, step: 8 };
  const grid = { rows: axis, columns: axis, skip: 0 };

  it('is a square about the centre, as fractions', () => {
    // Position 6 is row 1, column 2: its centre is pixel 19.5, the edge between pixels 19 and 20.
    expect(fieldBox(grid, 8, 32, 6)).toEqual([0.5, 0.25, 0.25, 0.25]);
  });

  it('is cut at the picture’s edges', () => {
    expect(fieldBox(grid, 16, 32, 0)).toEqual([0, 0, 0.375, 0.375]);
    expect(fieldBox(grid, 16, 32, 15)).toEqual([0.625, 0.625, 0.375, 0.375]);
    expect(fieldBox(grid, 200, 32, 5)).toEqual([0, 0, 1, 1]);
  });

  it('is the whole picture for a position that is none of it', () => {
    expect(fieldBox({ ...grid, skip: 1 }, 8, 32, 0)).toEqual([0, 0, 1, 1]);
    expect(fieldBox({ ...grid, skip: 1 }, 8, 32, 7)).toEqual([0.5, 0.25, 0.25, 0.25]);
  });

  it('has rows and columns of their own', () => {
    const rows = { count: 2, start: 7.5, step: 16 };
    expect(fieldBox({ rows, columns: axis, skip: 0 }, 8, 32, 5)).toEqual([0.25, 0.625, 0.25, 0.25]);
  });
});
