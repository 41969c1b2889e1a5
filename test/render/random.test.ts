/** The generator of draws: its known answers, its names, its distributions. */
import { describe, expect, test } from 'vitest';
import { philox, RandomStream } from '../../generator/render/random.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const power = (values: readonly number[], exponent: number) => mean(values.map((value) => value ** exponent));

describe('philox', () => {
  // Random123's tests/kat_vectors, lines "philox4x32 10".
  const ones = 0xffffffff;
  test.each([
    { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [ones, ones, ones, ones], key: [ones, ones], words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const)('gives the known answer of Random123 for key $key', ({ counter, key, words }) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect([...out]).toEqual([...words]);
  });
});

describe('streams', () => {
  test('a stream depends on its name alone, not on what others drew in between', () => {
    const [a, b] = [new RandomStream('a', 1), new RandomStream('b', 1)];
    const fresh = new RandomStream('a', 1);
    const expected = Array.from({ length: 9 }, () => fresh.uint32());
    const interleaved = Array.from({ length: 9 }, () => {
      b.normal();
      return a.uint32();
    });
    expect(interleaved).toEqual(expected);
  });

  test('names that differ in one part, or in where a part ends, give different draws', () => {
    const first = (...name: (string | number)[]) => new RandomStream(...name).uint32();
    const draws = [
      first('start', 'channel-1', 2),
      first('start', 'channel-12', ''),
      first('start', 'channel-1', 3),
      first('star', 'tchannel-1', 2),
    ];
    expect(new Set(draws).size).toBe(4);
  });
});

describe('distributions', () => {
  const COUNT = 100_000;

  test('uniform draws lie in [0,1) with mean 1/2 and variance 1/12', () => {
    const stream = new RandomStream('uniform');
    const values = Array.from({ length: COUNT }, () => stream.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    // Five standard errors: 5·√(1/12/100000) and about as much for the variance.
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(0.0046);
    expect(Math.abs(power(values, 2) - mean(values) ** 2 - 1 / 12)).toBeLessThan(0.0012);
  });

  test('normal draws have the moments 0, 1, 0 and 3, and neighbours are uncorrelated', () => {
    const stream = new RandomStream('normal');
    const values = Array.from({ length: COUNT }, () => stream.normal());
    expect(values.every(Number.isFinite)).toBe(true);
    // Five standard errors: √(1/n), √(2/n), √(15/n), √(96/n).
    [0, 1, 0, 3].forEach((moment, i) => {
      expect(Math.abs(power(values, i + 1) - moment), `moment ${i + 1}`).toBeLessThan(5 * Math.sqrt([1, 2, 15, 96][i] / COUNT));
    });
    expect(Math.abs(mean(values.slice(1).map((value, i) => value * values[i])))).toBeLessThan(5 / Math.sqrt(COUNT));
  });

  test('between() stretches to its range', () => {
    const stream = new RandomStream('between');
    const values = Array.from({ length: 1000 }, () => stream.between(-3, 5));
    expect(values.every((value) => value >= -3 && value < 5)).toBe(true);
    expect(Math.abs(mean(values) - 1)).toBeLessThan(5 * Math.sqrt(64 / 12 / 1000));
  });

  test.each([1, 2, 7, 10])('below(%i) hits every integer alike', (bound) => {
    const stream = new RandomStream('below', bound);
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < COUNT; i++) counts[stream.below(bound)]++;
    const expected = COUNT / bound;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The mean of chi-square is its degrees of freedom, its deviation √(2·freedom).
    expect(chiSquare).toBeLessThanOrEqual(bound - 1 + 5 * Math.sqrt(2 * (bound - 1)));
  });

  test('below() rejects the draws that would favour small integers', () => {
    // With a bound of 3·2³⁰ a plain remainder would give the lowest third twice as often as the others: 1/2 instead of 1/3.
    const stream = new RandomStream('rejection');
    const low = Array.from({ length: 10_000 }, () => stream.below(3 * 2 ** 30)).filter((value) => value < 2 ** 30).length;
    expect(Math.abs(low / 10_000 - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 9 / 10_000));
  });

  test('a permutation holds every index once, and every order of three comes up alike', () => {
    expect([...new RandomStream('order').permutation(101)].sort((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, i) => i));
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = new RandomStream('order', i).permutation(3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
  });
});
