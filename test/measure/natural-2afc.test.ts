import { describe, expect, it } from 'vitest';
import { bandSizes, chooseBands, drawOrder, halves } from '../../generator/measure/bands.ts';
import { imageScores } from '../../generator/measure/image-scores.ts';
import { naturalTwoAfc } from '../../generator/measure/natural-2afc.ts';
import { meanRow } from '../../generator/measure/rows.ts';
import { evidence, twoAfc } from '../../generator/measure/two-afc.ts';
import { directions, landscape, likeness, normals, pairwise, rotate, rotation, unitRows } from './landscape.ts';

/** M1 as the specification has it, without anything of the code under test but the draw order. */
function direct(scores: readonly number[], rows: Float32Array, dimension: number, order: Uint32Array): number {
  const n = scores.length;
  const ranked = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
  const t = Math.min(200, Math.max(40, 2 * Math.round(n * 0.0025)));
  const band = new Set(ranked.filter((_, rank) => rank >= Math.floor(0.4 * n) && rank < n - Math.floor(0.4 * n)));
  const drawn = new Set([...order].filter((image) => band.has(image)).slice(0, t));
  const [top, middle] = [ranked.slice(0, t), ranked.filter((image) => drawn.has(image))];
  const part = (images: number[], parity: number) => images.filter((_, rank) => rank % 2 === parity);
  const areas = [0, 1].map((shown) => {
    const e = likeness(rows, dimension, part(top, shown));
    return pairwise(part(top, 1 - shown).map(e), part(middle, 1 - shown).map(e));
  });
  return (areas[0] + areas[1]) / 2;
}

const ramp = (n: number) => Float64Array.from({ length: n }, (_, i) => n - i);
const spread = (n: number, row: (image: number) => number[]) => ({
  rows: Float32Array.from(Array.from({ length: n }, (_, i) => row(i)).flat()),
  dimension: row(0).length,
});

describe('the images that a direction is judged on', () => {
  it('are half a percent, even, from 40 to 200, and need 200 images', () => {
    expect([200, 6000, 8000, 10_000, 10_300, 40_000, 100_000].map((n) => bandSizes(n).t)).toEqual([40, 40, 40, 50, 52, 200, 200]);
    expect(bandSizes(6000)).toEqual({ t: 40, from: 2400, until: 3600 });
    expect(bandSizes(203)).toEqual({ t: 40, from: 81, until: 122 });
    expect(() => bandSizes(199)).toThrow(/expected at least 200 images .*, received 199\nGive more images/);
  });

  it('are the highest, and middling ones in the order of the draw, both by rank; ties go to the lower index', () => {
    const scores = Float64Array.from({ length: 300 }, (_, i) => (i < 30 ? 5 : i < 50 ? 7 : (i * 37) % 240));
    const order = drawOrder(300, 'set');
    const { top, middle, constant } = chooseBands(scores, order);
    expect(constant).toBe(false);
    const byHand = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
    expect([...top]).toEqual(byHand.slice(0, 40));
    const band = byHand.slice(120, 180);
    const drawn = [...order].filter((image) => band.includes(image)).slice(0, 40);
    expect([...middle]).toEqual(band.filter((image) => drawn.includes(image)));
    const tied = chooseBands(new Float64Array(300), order);
    expect([...tied.top]).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(tied.constant).toBe(true);
  });

  it('are drawn alike for one seed, otherwise for another, and uniformly from the band', () => {
    expect(drawOrder(300, 'set')).toEqual(drawOrder(300, 'set'));
    expect(drawOrder(300, 'set')).not.toEqual(drawOrder(300, 'other'));
    const drawn = new Uint32Array(300);
    for (let seed = 0; seed < 600; seed++) for (const image of chooseBands(ramp(300), drawOrder(300, `${seed}`)).middle) drawn[image]++;
    const band = [...drawn.subarray(120, 180)];
    expect(drawn.reduce((sum, count) => sum + count)).toBe(600 * 40);
    expect(band.reduce((sum, count) => sum + count)).toBe(600 * 40);
    // 400 expected of each of 60, with a deviation of √(600·⅔·⅓) ≈ 11.5.
    expect(Math.min(...band)).toBeGreaterThan(350);
    expect(Math.max(...band)).toBeLessThan(450);
  });

  it('are split by the parity of their ranks', () => {
    expect(halves(Uint32Array.of(9, 4, 7, 1))).toEqual([Uint32Array.of(9, 7), Uint32Array.of(4, 1)]);
  });
});

describe('M1, the natural two-alternative task', () => {
  const bands = chooseBands(ramp(400), drawOrder(400, 'set'));

  it('is 1 where all top images look alike and like no other', () => {
    expect(
      naturalTwoAfc(
        bands,
        spread(400, (i) => (i < 40 ? [1, 0] : [0, 1])),
      ),
    ).toBe(1);
  });

  it('is 0 where each half of the top looks more like the middle than like the other half', () => {
    const between = Math.SQRT1_2;
    expect(
      naturalTwoAfc(
        bands,
        spread(400, (i) => (i >= 40 ? [between, between] : i % 2 === 0 ? [1, 0] : [0, 1])),
      ),
    ).toBe(0);
  });

  it('is a half where all images look the same, and for a constant direction', () => {
    expect(
      naturalTwoAfc(
        bands,
        spread(400, () => [1, 0]),
      ),
    ).toBe(0.5);
    expect(
      naturalTwoAfc(
        { ...bands, constant: true },
        spread(400, (i) => (i < 40 ? [1, 0] : [0, 1])),
      ),
    ).toBe(0.5);
  });

  it('is a half on average for an observer that sees nothing of the direction', () => {
    const { means, embeddings } = landscape({ n: 1000, channels: 16, dimension: 40, seen: 0 });
    const order = drawOrder(1000, 'set');
    let sum = 0;
    const vectors = directions(200, 16);
    for (let d = 0; d < 200; d++)
      sum += naturalTwoAfc(chooseBands(imageScores(means, vectors.subarray(d * 16, d * 16 + 16)), order), embeddings) / 200;
    expect(Math.abs(sum - 0.5)).toBeLessThan(0.02);
  });

  it('is what the formula says, written out, also with tied scores', () => {
    const { n, channels, means, embeddings } = landscape({ n: 403, channels: 6 });
    const order = drawOrder(n, 'set');
    const vectors = directions(30, channels);
    const seen = new Set<number>();
    for (let d = 0; d < 30; d++) {
      const exact = imageScores(means, vectors.subarray(d * channels, (d + 1) * channels));
      // Every third one rectified at its 70th percentile, so that the middle is cut among equals.
      const floor = d % 3 === 0 ? exact.toSorted()[280] : Number.NEGATIVE_INFINITY;
      const scores = exact.map((score) => Math.max(score, floor));
      const expected = direct([...scores], embeddings.rows, embeddings.dimension, order);
      expect(naturalTwoAfc(chooseBands(scores, order), embeddings)).toBeCloseTo(expected, 12);
      seen.add(expected);
    }
    expect(seen.size).toBeGreaterThan(20);
  });

  it('is the same when activations and direction are rotated together', () => {
    const { n, channels, means, embeddings } = landscape({ n: 500, channels: 12 });
    const [order, q] = [drawOrder(n, 'set'), rotation(channels)];
    const turned = rotate(means, q);
    for (let c = 0; c < channels; c++) {
      const axis = Float32Array.from({ length: channels }, (_, k) => (k === c ? 1 : 0));
      const before = naturalTwoAfc(chooseBands(imageScores(means, axis), order), embeddings);
      expect(naturalTwoAfc(chooseBands(imageScores(turned, rotate(axis, q)), order), embeddings)).toBeCloseTo(before, 6);
      expect(naturalTwoAfc(chooseBands(imageScores(turned, axis), order), embeddings)).not.toBeCloseTo(before, 6);
    }
  });
});

describe('the parts of a two-alternative task', () => {
  it('an explanation that is itself asked for is found at once', () => {
    const embeddings = { rows: unitRows(normals('queries', 400 * 60), 60), dimension: 60 };
    const { top, middle } = chooseBands(ramp(400), drawOrder(400, 'set'));
    expect(twoAfc(embeddings, meanRow(embeddings, top.subarray(0, 9)), top.subarray(0, 9), middle)).toBeGreaterThan(0.95);
  });

  it('evidence is a product with the mean row, for dimensions that four does not divide too', () => {
    for (const dimension of [1, 2, 3, 4, 7]) {
      const rows = normals('rows', 5 * dimension);
      const e = likeness(rows, dimension, [1, 3]);
      const values = evidence({ rows, dimension }, meanRow({ rows, dimension }, [1, 3]), [0, 2, 4]);
      for (const [k, image] of [0, 2, 4].entries()) expect(values[k]).toBeCloseTo(e(image), 10);
    }
  });
});
