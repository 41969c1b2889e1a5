/** The arithmetic of the charts. */
import { describe, expect, test } from 'vitest';
import type { RenderRecord } from '../../data/schema.ts';
import { curves } from '../../site/charts/curve.ts';
import { stackDots } from '../../site/charts/dots.ts';
import { lineChart } from '../../site/charts/line.ts';
import { mirror } from '../../site/charts/mirror.ts';
import { nullHistogram } from '../../site/charts/null-histogram.ts';
import { extent, histogram, linear, ticks, tickText } from '../../site/charts/scale.ts';

describe('scales', () => {
  test('map ends onto ends, and an empty domain onto the middle', () => {
    const x = linear([-1, 1], [0, 200]);
    expect([x(-1), x(0), x(1)]).toEqual([0, 100, 200]);
    expect(linear([3, 3], [0, 10])(3)).toBe(5);
  });

  test('have round ticks within the domain', () => {
    expect(ticks([0.72, 1.03], 3)).toEqual([0.8, 0.9, 1]);
    expect(ticks([-3.2, 7.9], 5)).toEqual([-2, 0, 2, 4, 6]);
    expect(ticks([0, 128], 5)).toEqual([0, 20, 40, 60, 80, 100, 120]);
    expect(tickText(-0.30000000000000004)).toBe('−0.3');
  });

  test('an extent ignores what is not finite, and is never empty', () => {
    expect(extent([1, Number.NaN, 3], 0)).toEqual([1, 3]);
    expect(extent([])).toEqual([0, 1]);
    const [low, high] = extent([2]);
    expect(high).toBeGreaterThan(low);
  });

  test('a histogram counts every value once, the largest in the last bin', () => {
    expect(histogram([0, 0.1, 0.6, 1], [0, 1], 2)).toEqual([2, 2]);
    expect(histogram([], [0, 1], 3)).toEqual([0, 0, 0]);
  });
});

test('a mirror draws each arm as shares of its own, and nothing for an empty one', () => {
  const chart = mirror({ basis: [1, 2, 3], random: [] }, { width: 100, middle: 50, reach: 40, bins: 4 });
  expect(chart.above).toBe('M0 50V10H25V50H50V10H100V50Z');
  expect(chart.below).toBe('');
});

test('the bins of a mirror hold every value of both arms, between edges that meet', () => {
  const { bins } = mirror({ basis: [1, 2, 3, 3], random: [2.5] }, { width: 100, middle: 50, reach: 40, bins: 4 });
  expect(bins.map(({ basis, random }) => [basis, random])).toEqual([
    [1, 0],
    [0, 0],
    [1, 1],
    [2, 0],
  ]);
  expect(bins.slice(1).map(({ from }) => from)).toEqual(bins.slice(0, -1).map(({ to }) => to));
});

test('dots of one value stack without overlap, and are squeezed into the height', () => {
  const x = linear([0, 1], [0, 100]);
  const few = stackDots([0.5, 0.5, 0.5, 0.9], (value) => value, { x, radius: 2, height: 50 });
  expect(few.map((dot) => [dot.x, dot.y])).toEqual([
    [52, 2],
    [52, 6],
    [52, 10],
    [92, 2],
  ]);
  const many = stackDots(new Array(100).fill(0.5), (value) => value, { x, radius: 2, height: 50 });
  expect(Math.max(...many.map((dot) => dot.y))).toBeLessThanOrEqual(48);
});

test('a curve breaks where a value is missing', () => {
  const render = { curve: [0, 1, null, 2, 3], curve_steps: [0, 1, 2, 3, 4] } as unknown as RenderRecord;
  const [path] = curves([render], { width: 40, height: 30, left: 0 }).paths;
  expect(path).toMatch(/^M0,[\d.]+L10,[\d.]+M30,[\d.]+L40,[\d.]+$/);
});

test('a histogram of frames stands on its foot, its tallest bar as high as asked', () => {
  const { path, x } = nullHistogram([0.1, 0.11, 0.5, 0.9], [0, 1], { width: 100, foot: 50, height: 40, bar: 5 });
  expect(path).toBe('M10 50v-40h5V50M50 50v-20h5V50M90 50v-20h5V50');
  expect(x(0.5)).toBe(50);
});

test('a line breaks where a value is missing, and keeps the points it has', () => {
  const chart = lineChart([0, 0.5, 1, 1.5, 2], [1, 2, null, 4, 5], { left: 0, right: 40, top: 0, foot: 100, domain: [0, 10] });
  expect(chart.path).toBe('M0,90L10,80M30,60L40,50');
  expect(chart.points.map(({ value }) => value)).toEqual([1, 2, 4, 5]);
});
