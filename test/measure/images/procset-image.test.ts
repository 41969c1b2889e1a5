import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { basicColour } from '../../../generator/measure/images/procset/colour-names.ts';
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { CONCEPTS, conceptIndex } from '../../../generator/measure/images/procset/concepts.ts';
import { toLab } from '../../../generator/measure/lab.ts';

function digest(index: number, size: number): string {
  const { picture, labels } = composeImage(index, size);
  return createHash('sha256').update(picture.pixels).update(labels.cell).update(JSON.stringify(labels.concepts)).digest('hex').slice(0, 16);
}

const isColour = (concept: number): boolean => CONCEPTS[concept].category === 'colour';

describe('the concepts of procset-1', () => {
  it('are 131, counted as specified, with names that are addresses', () => {
    const count = (category: string) => CONCEPTS.filter((concept) => concept.category === category).length;
    expect(['colour', 'grating', 'line', 'shape', 'periodic', 'stochastic', 'structure', 'composite'].map(count)).toEqual([
      11, 34, 36, 10, 12, 10, 10, 8,
    ]);
    expect(CONCEPTS).toHaveLength(131);
    expect(new Set(CONCEPTS.map(({ id }) => id)).size).toBe(131);
    for (const { id } of CONCEPTS) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
  });
});

describe('a picture of procset-1', () => {
  it('is fixed by its index and size: recorded hashes of pixels and labels', () => {
    expect([0, 1, 2, 5999].map((index) => [digest(index, 128), digest(index, 192)])).toMatchInlineSnapshot(`
      [
        [
          "e1c9fb0eb3b8c33a",
          "bf5bc8b7a46fdb83",
        ],
        [
          "9307a956c57efa92",
          "c9ab7bbacea782ee",
        ],
        [
          "8bf158843945683c",
          "d0c15629dedda88a",
        ],
        [
          "bb6268a35efab286",
          "24efff8266dcc114",
        ],
      ]
    `);
  });

  it('does not depend on what was made before', () => {
    const alone = digest(7, 128);
    for (let index = 0; index < 4; index++) composeImage(index, 160);
    expect(digest(7, 128)).toBe(alone);
  });

  it('has 3 to 6 regions of 2 to 8% of the pixels beside its line features', () => {
    const size = 128;
    const counts: number[] = [];
    for (let index = 0; index < 30; index++) {
      const { labels } = composeImage(index, size);
      const areas = new Map<string, number>();
      for (const cell of labels.cell) {
        const marks = labels.concepts[cell].filter((concept) => !isColour(concept));
        const known = marks.length > 0 && CONCEPTS[marks[0]].category !== 'line' ? marks.join() : undefined;
        if (known) areas.set(known, (areas.get(known) ?? 0) + 1);
      }
      // Two regions of one image may have the same concepts, and a blob of one colour has none: so at most six, and sizes of one or more.
      counts.push(areas.size);
      for (const area of areas.values()) {
        expect(area / size ** 2).toBeGreaterThan(0.018);
        expect(area / size ** 2).toBeLessThan(0.165);
      }
    }
    expect(Math.max(...counts)).toBe(6);
    expect(counts.filter((count) => count < 2)).toEqual([]);
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeGreaterThan(3.8);
  });

  it('names the colour of a pixel where its measured colour has a name, and nowhere else', () => {
    let [named, wrong, total] = [0, 0, 0];
    for (let index = 0; index < 10; index++) {
      const { picture, labels } = composeImage(index, 128);
      const { l, a, b } = toLab(picture);
      for (let at = 0; at < labels.cell.length; at++) {
        const label = labels.concepts[labels.cell[at]].find(isColour);
        const measured = basicColour(l[at], a[at], b[at]);
        const expected = measured === undefined ? undefined : conceptIndex(`colour-${measured}`);
        total++;
        if (label !== undefined) named++;
        if (label !== expected) wrong++;
      }
    }
    expect(named / total).toBeGreaterThan(0.02);
    expect(wrong).toBe(0);
  });

  it('knows the focal colours, and gives none to colours between two names', () => {
    const nameOf = (red: number, green: number, blue: number) => {
      const { l, a, b } = toLab({ size: 1, pixels: Uint8Array.from([red, green, blue]) });
      return basicColour(l[0], a[0], b[0]);
    };
    expect(nameOf(0, 0, 0)).toBe('black');
    expect(nameOf(128, 128, 128)).toBe('grey');
    expect(nameOf(255, 255, 255)).toBe('white');
    expect(nameOf(220, 20, 40)).toBe('red');
    expect(nameOf(255, 140, 0)).toBe('orange');
    expect(nameOf(255, 230, 30)).toBe('yellow');
    expect(nameOf(20, 140, 40)).toBe('green');
    expect(nameOf(20, 60, 220)).toBe('blue');
    expect(nameOf(128, 0, 150)).toBe('purple');
    expect(nameOf(255, 150, 190)).toBe('pink');
    expect(nameOf(120, 70, 30)).toBe('brown');
    for (const [red, green, blue] of [
      [0, 200, 200],
      [190, 225, 0],
      [230, 90, 20],
      [150, 130, 110],
    ])
      expect(nameOf(red, green, blue)).toBeUndefined();
  });

  it('below 128 pixels is the middle of the one at 128, labels and all', () => {
    const [whole, middle] = [composeImage(3, 128), composeImage(3, 64)];
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        const [from, to] = [(y + 32) * 128 + x + 32, y * 64 + x];
        expect(middle.picture.pixels[3 * to]).toBe(whole.picture.pixels[3 * from]);
        expect(middle.labels.concepts[middle.labels.cell[to]]).toEqual(whole.labels.concepts[whole.labels.cell[from]]);
      }
    }
  });

  it('has labels in order, every cell used and no two cells alike', () => {
    for (let index = 0; index < 20; index++) {
      const { labels } = composeImage(index, 128);
      expect(new Set(labels.cell).size).toBe(labels.concepts.length);
      expect(labels.concepts.length).toBeLessThanOrEqual(256);
      for (const concepts of labels.concepts) expect(concepts).toEqual([...new Set(concepts)].sort((a, b) => a - b));
    }
  });
});
