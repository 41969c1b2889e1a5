import { expect, test } from 'vitest';
import { fuseGates, setApart } from '../../generator/compile/gates.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { REDIRECTED } from '../../generator/gradient/redirect.ts';
import type { RuleTable } from '../../generator/gradient/rules/table.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { numbers, outputsOf } from './outputs.ts';

const CHANNELS = 16;
const WIDTH = 8;

/** A clip of what a convolution hands on unchanged, and the gradient through it. */
function clipped(low: number, high: number, width = WIDTH, overrides: Partial<RuleTable> = {}): Graph {
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [2, CHANNELS, 4, width] });
  const pointwise = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  const identity = float32(
    [CHANNELS, CHANNELS, 1, 1],
    new Float32Array(CHANNELS ** 2).map((_, i) => (i % (CHANNELS + 1) === 0 ? 1 : 0)),
  );
  const same = builder.add('Conv', ['input', builder.constant(identity)], pointwise);
  const clip = builder.add('Clip', [same, builder.scalar(low), builder.scalar(high)], {});
  const out = builder.add('Conv', [clip, builder.constant(numbers([CHANNELS, CHANNELS, 1, 1]))], pointwise, { outputs: ['out'] });
  return builder.build([out, differentiate(builder, out, 'input', overrides)]);
}

/** The float32 next to one, further from 0 or nearer to it. */
function beside(value: number, step: 1 | -1): number {
  const floats = new Float32Array([value]);
  new Uint32Array(floats.buffer)[0] += step;
  return floats[0];
}

const hardSigmoids = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'HardSigmoid');

test.each([
  6, 1, 1.5, 0.1, 255, 1e-3,
])('the gate between 0 and %d is the same to the bit, at its kinks and next to them too', async (limit) => {
  const high = Math.fround(limit);
  const graph = clipped(0, high);
  const fused = fuseGates(graph);
  expect(hardSigmoids(graph)).toHaveLength(2);
  expect(hardSigmoids(fused)).toEqual([]);
  const kinks = [0, -0, 1e-30, -1e-30, high, beside(high, 1), beside(high, -1), 2 * high, -high, 1e30, -1e30, high / 2];
  const values = numbers([2, CHANNELS, 4, WIDTH]).data.map((value, i) => kinks[i] ?? 2 * high * value);
  const input = float32([2, CHANNELS, 4, WIDTH], values);
  const [before, after] = [await outputsOf(graph, { input }), await outputsOf(fused, { input })];
  expect(after).toEqual(before);
  const { graph: standing, loops } = setApart(graph, 1);
  expect([...loops.values()]).toEqual([{ kind: 'gate', limit: high, redirected: false }]);
  expect(await outputsOf(standing, { input }, loops)).toEqual(before);
  const open = kinks.map((value) => value > 0 && value < high);
  expect(Array.from(after[1].slice(0, kinks.length), (value) => value !== 0)).toEqual(open);
});

test('other limits below, and rows too short to gain, keep their hard sigmoids', () => {
  for (const graph of [clipped(-1, 1), clipped(0, 6, 4)]) expect(fuseGates(graph)).toBe(graph);
});

test('a redirected gate is the same to the bit: for a picture that nothing gets through of, and for another beside it', async () => {
  const [high, size] = [0.5, CHANNELS * 4 * WIDTH];
  const graph = clipped(0, high, WIDTH, REDIRECTED);
  const { graph: standing, loops } = setApart(graph, Number.POSITIVE_INFINITY);
  expect([...loops.values()]).toEqual([{ kind: 'gate', limit: high, redirected: true }]);
  expect(standing.nodes.filter(({ op }) => op === 'Where')).toEqual([]);
  const { shape, data } = numbers([2, CHANNELS, 4, WIDTH]);
  const beyond = data.map((value) => (value > 0 ? high + value : value));
  const silent = beyond.map((value, i) => (i % 7 === 0 ? 0 : i % 7 === 1 ? high : value));
  for (const [first, second] of [
    [silent, data],
    [data, silent],
    [silent, silent],
    [data, data],
  ]) {
    const input = float32(shape, Float32Array.of(...first.slice(0, size), ...second.slice(size)));
    const expected = await outputsOf(graph, { input });
    expect(await outputsOf(standing, { input }, loops)).toEqual(expected);
    // Something is let through of either, and something is not.
    for (const picture of [expected[1].slice(0, size), expected[1].slice(size)]) {
      expect(picture.some((value) => value !== 0)).toBe(true);
      expect(picture.some((value) => value === 0)).toBe(true);
    }
  }
});

test('a gate of enough values is set apart, however short its rows, and no other limits below', () => {
  const values = 2 * CHANNELS * 4 * 4;
  expect(setApart(clipped(0, 6, 4), values).loops.size).toBe(1);
  for (const { graph, fewest } of [
    { graph: clipped(0, 6, 4), fewest: values + 1 },
    { graph: clipped(-1, 1), fewest: 1 },
  ])
    expect(setApart(graph, fewest)).toEqual({ graph, loops: new Map() });
});
