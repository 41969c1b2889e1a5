/** The gradient of a maximum over windows as a loop: the same bytes as the operators of its rule give. */
import { expect, test } from 'vitest';
import { forProcessor, withLoops } from '../../generator/compile/for-processor.ts';
import type { Loop, LoopedGraph } from '../../generator/compile/loops.ts';
import { standForMaxPools } from '../../generator/compile/max-pools.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph, Operators } from '../../generator/graph/graph.ts';
import { channelsOfBlock } from '../../generator/runtime/block.ts';
import { numbers, outputsOf } from './outputs.ts';

const POINTWISE = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };

interface Geometry {
  readonly window: number;
  readonly stride: number;
  readonly before: number;
  readonly after?: number;
  readonly ceil_mode?: number;
}

const pooling = ({ window, stride, before, after = before, ceil_mode = 0 }: Geometry): Operators['MaxPool'] => ({
  kernel_shape: [window, window],
  strides: [stride, stride],
  pads: [before, before, after, after],
  dilations: [1, 1],
  ceil_mode,
});

/** What is pooled, given a builder and its input `[2, channels, height, width]`, and what becomes of it. */
type Body = (builder: GraphBuilder, geometry: Geometry) => string;

const convolved = (builder: GraphBuilder, value: string, to: number, seed: number) =>
  builder.add('Conv', [value, builder.constant(numbers([to, builder.shape(value)[1], 1, 1], seed))], POINTWISE);

/** Between two convolutions, the first with a ReLU: many values are 0, and many windows have several maxima. */
const between: Body = (builder, geometry) => {
  const [, channels] = builder.shape('input');
  const x = builder.add('Relu', [convolved(builder, 'input', channels, 3)], {});
  return convolved(builder, builder.add('MaxPool', [x], pooling(geometry), {}), 16, 7);
};

async function graphs(shape: readonly number[], geometry: Geometry, body: Body = between, fewest = 1): Promise<[Graph, LoopedGraph]> {
  const block = (await channelsOfBlock()) ?? 16;
  const build = (loops?: Map<string, Loop>) => {
    const builder = new GraphBuilder();
    builder.input('input', { dtype: 'float32', shape });
    const out = body(builder, geometry);
    const seed = builder.input('seed', { dtype: 'float32', shape: builder.shape(out) });
    const gradient = differentiate(builder, out, 'input', loops ? { MaxPool: standForMaxPools(fewest, block, loops) } : {}, seed);
    return builder.build([
      builder.add('Identity', [out], {}, { outputs: ['out'] }),
      builder.add('Identity', [gradient], {}, { outputs: ['gradient'] }),
    ]);
  };
  const loops = new Map<string, Loop>();
  return [forProcessor(build()), withLoops(build(loops), fewest, loops)];
}

const pools = ({ loops }: LoopedGraph) => [...loops.values()].filter(({ kind }) => kind === 'max-pool');
const different = (a: Float32Array, b: Float32Array) => a.reduce((count, value, i) => count + (value === b[i] ? 0 : 1), 0);

async function expectSame([plain, looped]: [Graph, LoopedGraph], count = 1): Promise<void> {
  expect(pools(looped)).toHaveLength(count);
  const [expected, received] = [await outputsOf(plain), await outputsOf(looped.graph, {}, looped.loops)];
  expect(expected[1].some((value) => value !== 0)).toBe(true);
  for (const [i, values] of expected.entries()) expect(different(received[i], values), `output ${i}`).toBe(0);
}

const LOOPS: readonly Geometry[] = [
  { window: 2, stride: 2, before: 0 },
  { window: 3, stride: 2, before: 0, ceil_mode: 1 },
  { window: 3, stride: 2, before: 0, after: 1 },
  { window: 3, stride: 2, before: 1 },
  { window: 3, stride: 2, before: 1, after: 0 },
  { window: 3, stride: 1, before: 1 },
];

test.each(LOOPS)('windows of $window at stride $stride, $before before and $after behind: the same values', async (geometry) => {
  for (const [channels, height, width] of [
    [16, 8, 8],
    [48, 12, 6],
    [32, 2, 14],
  ])
    await expectSame(await graphs([2, channels, height, width], geometry));
});

test('the gate of a ReLU before is the loop’s as well, where nothing else reads what it makes', async () => {
  const gated = ([, looped]: [Graph, LoopedGraph]) => pools(looped).map((loop) => loop.kind === 'max-pool' && loop.gated === true);
  const own = await graphs([2, 16, 8, 8], LOOPS[0]);
  expect(gated(own)).toEqual([true]);
  expect(own[1].graph.nodes.filter(({ op }) => op === 'HardSigmoid')).toEqual([]);
  const shared: Body = (builder, geometry) => {
    const x = builder.add('Relu', [convolved(builder, 'input', 16, 3)], {});
    const pooled = builder.add('MaxPool', [x], pooling(geometry), {});
    return builder.add('Add', [convolved(builder, pooled, 16, 7), convolved(builder, x, 16, 9)], {});
  };
  const other = await graphs([2, 16, 8, 8], LOOPS[5], shared);
  expect(gated(other)).toEqual([false]);
  await expectSame(other);
});

test('what is not in blocks is taken there: an input, and a gradient that no convolution makes', async () => {
  for (const geometry of [LOOPS[0], LOOPS[5]]) {
    await expectSame(await graphs([2, 16, 8, 8], geometry, (builder) => builder.add('MaxPool', ['input'], pooling(geometry), {})));
    await expectSame(
      await graphs([2, 16, 8, 8], geometry, (builder) =>
        builder.add('Erf', [builder.add('MaxPool', ['input'], pooling(geometry), {})], {}),
      ),
    );
    // What comes of it is for a convolution, for whose sake factors are taken into blocks.
    const deep: Body = (builder) => {
      const x = builder.add('Relu', [convolved(builder, 'input', 16, 3)], {});
      return builder.add('Erf', [builder.add('MaxPool', [x], pooling(geometry), {})], {});
    };
    await expectSame(await graphs([2, 16, 8, 8], geometry, deep));
  }
});

test('branches that are joined, and pools of pools', async () => {
  const [halves, alike] = [LOOPS[1], LOOPS[5]];
  const inception: Body = (builder) => {
    const x = builder.add('Relu', [convolved(builder, 'input', 32, 3)], {});
    const pooled = convolved(builder, builder.add('MaxPool', [x], pooling(alike), {}), 16, 7);
    const joined = builder.add('Concat', [builder.add('Relu', [convolved(builder, x, 32, 5)], {}), pooled], { axis: 1 });
    const half = builder.add('MaxPool', [builder.add('MaxPool', [joined], pooling(alike), {})], pooling(halves), {});
    return builder.add('MaxPool', [half], pooling(LOOPS[0]), {});
  };
  await expectSame(await graphs([2, 16, 16, 8], alike, inception), 4);
});

test('other windows, extents that they do not halve, part of a block, and too few values keep the operators of the rule', async () => {
  const none = async (shape: number[], geometry: Geometry, fewest?: number) =>
    expect(pools((await graphs(shape, geometry, between, fewest))[1])).toEqual([]);
  for (const geometry of [
    { window: 3, stride: 1, before: 0 },
    { window: 2, stride: 1, before: 0 },
    { window: 5, stride: 2, before: 2 },
    { window: 2, stride: 2, before: 1 },
  ])
    await none([2, 16, 8, 8], geometry);
  for (const geometry of LOOPS.slice(0, 5)) await none([2, 16, 9, 8], geometry);
  await none([2, 24, 8, 8], LOOPS[0]);
  await none([2, 16, 8, 8], LOOPS[0], 2 * 16 * 8 * 8 + 1);
  await expectSame(await graphs([2, 16, 8, 8], LOOPS[0], between, 2 * 16 * 8 * 8));
});

test('values that are not in blocks are told', async () => {
  const builder = new GraphBuilder();
  for (const name of ['input', 'gradients']) builder.input(name, { dtype: 'float32', shape: [2, 16, 4, 4] });
  const [gradient, x] = [builder.add('Exp', ['gradients'], {}), builder.add('Exp', ['input'], {})];
  const product = builder.add('Mul', [gradient, x], {}, { name: 'pool' });
  const graph = builder.build([builder.add('Neg', [product], {}, { outputs: ['out'] })]);
  const loops = new Map<string, Loop>([['pool', { kind: 'max-pool', window: 3, stride: 1, before: 1, block: 16 }]]);
  await expect(outputsOf(graph, {}, loops)).rejects.toThrow(
    'expected values of "pool" in blocks, [2,16,4,4], received [2,16,4,4] elsewhere',
  );
});

test('blocks are of 8 or 16 channels, where onnxruntime has any', async () => {
  expect([8, 16, undefined]).toContain(await channelsOfBlock());
});
