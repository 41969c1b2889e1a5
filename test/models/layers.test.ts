/** Layers: their names in addresses, taps, receptive fields, and what is said where there is none of that name. */
import { describe, expect, test } from 'vitest';
import { slug as slugSchema } from '../../data/schema.ts';
import { findLayer, unknownLayer } from '../../generator/models/layers.ts';
import { openModel } from '../../generator/models/open.ts';
import { LONGEST_SLUG, slugsOf } from '../../generator/models/slugs.ts';
import { bytes, image, ints, message, type TinyNode, weight, window, writeModel } from './tiny-model.ts';

describe('slugs', () => {
  const slugs = (...names: string[]) => [...slugsOf(names).values()];

  test('leave out what all names share and how a layer is computed', () => {
    expect(
      slugs(
        'Net/Mobile/Conv/BatchNorm/batchnorm/add_1',
        'Net/Mobile/Conv/Relu6',
        'Net/Mobile/Conv_1/BiasAdd',
        'Net/Mobile/block_2/depthwise/depthwise',
        'Net/Mobile/block_2/ArithmeticOptimizer/AddOpsRewrite_add',
        'Net/Mobile/bn/FusedBatchNormV3',
      ),
    ).toEqual(['conv', 'conv-relu6', 'conv-1', 'block-2-depthwise', 'block-2-add', 'bn']);
  });

  test('keep the names of Keras layers, and the last of those that were fused', () => {
    expect(slugs('StatefulPartitionedCall/net/conv2d/BiasAdd', 'StatefulPartitionedCall/net/conv2d_1/BiasAdd')).toEqual([
      'conv2d',
      'conv2d-1',
    ]);
    expect(slugs('net/re_lu/Relu6;net/bn/FusedBatchNormV3;net/conv2d/Conv2D', 'net/re_lu_1/Relu6')).toEqual([
      're-lu-relu6',
      're-lu-1-relu6',
    ]);
  });

  test('are unique, also where the number that tells them apart is taken', () => {
    expect(slugs('a/conv/Conv2D', 'b/Conv_2', 'a/conv/BiasAdd', 'a/conv')).toEqual(['a-conv', 'b-conv-2', 'a-conv-2', 'a-conv-3']);
  });

  test('are safe, bounded and never empty, whatever a file names its nodes', () => {
    const hostile = [
      '../../etc/passwd',
      '<script>',
      '%2e%2e',
      '///',
      '日本語',
      'x'.repeat(500),
      `${'x'.repeat(500)}y`,
      'a\nb',
      'Conv2D',
      '-',
      'É',
    ];
    const made = slugs(...hostile);
    for (const slug of made) {
      expect(slugSchema.safeParse(slug).success, slug).toBe(true);
      expect(slug.length).toBeLessThanOrEqual(LONGEST_SLUG);
    }
    expect(new Set(made).size).toBe(hostile.length);
  });
});

/** conv 3×3/2 → relu → max pool 3×3/2, dilated convolution → concat → an operator that cannot be read → relu. */
const nodes: TinyNode[] = [
  { name: 'net/a/Conv2D', op: 'Conv2D', input: ['image', 'k1'], attr: window(2, 'SAME') },
  { name: 'net/a/Relu', op: 'Relu', input: ['net/a/Conv2D'] },
  { name: 'net/pool', op: 'MaxPool', input: ['net/a/Relu'], attr: { ...window(2, 'VALID'), ksize: ints(1, 3, 3, 1) } },
  {
    name: 'net/b/Conv2D',
    op: 'Conv2D',
    input: ['net/pool', 'k2'],
    attr: { strides: ints(1, 1, 1, 1), dilations: ints(1, 2, 2, 1), padding: bytes('SAME') },
  },
  { name: 'net/join', op: 'ConcatV2', input: ['net/pool', 'net/b/Conv2D', 'axis'] },
  { name: 'net/odd', op: 'Erf', input: ['net/join'] },
  { name: 'net/late', op: 'Relu', input: ['net/odd'] },
  { name: 'head/odd', op: 'NonMaxSuppressionV3', input: ['net/join'] },
];
const weights = [weight('k1', [3, 3, 3, 4]), weight('k2', [3, 3, 4, 2]), { name: 'axis', shape: [], values: [3], dtype: 'int32' }];
const tiny = async () => openModel(await writeModel([image(32), ...nodes], weights));

test('layers say where they are tapped and what one position sees', async () => {
  const layers = (await tiny()).layers();
  expect(layers).toEqual([
    {
      name: 'net/a/Conv2D',
      slug: 'a',
      tap: 'before',
      nonlinearity: 'Relu',
      operator: 'Conv',
      shape: [4, 16, 16],
      receptiveField: 3,
      stride: 2,
    },
    {
      name: 'net/a/Relu',
      slug: 'a-relu',
      tap: 'after',
      nonlinearity: 'Relu',
      operator: 'Relu',
      shape: [4, 16, 16],
      receptiveField: 3,
      stride: 2,
    },
    { name: 'net/pool', slug: 'pool', tap: 'linear', operator: 'MaxPool', shape: [4, 7, 7], receptiveField: 7, stride: 4 },
    { name: 'net/b/Conv2D', slug: 'b', tap: 'linear', operator: 'Conv', shape: [2, 7, 7], receptiveField: 23, stride: 4 },
    { name: 'net/join', slug: 'join', tap: 'linear', operator: 'Concat', shape: [6, 7, 7], receptiveField: 23, stride: 4 },
  ]);
});

test('what the file does not say is assumed, and said', async () => {
  const model = await tiny();
  expect(model).toMatchObject({ id: 'tiny', size: 32, format: 'tfjs-graph-model', licence: 'unknown' });
  expect(model.assumptions).toEqual(['the image enters at the placeholder "image"', 'the network expects values from -1 to 1']);
});

test('an operator that is not supported is named with its node, only on the way to it', async () => {
  const model = await tiny();
  const graph = (layer: string) => model.graph({ layers: [layer], batch: 1, height: 32, width: 32 });
  expect(graph('net/join').outputs).toEqual(['net/join']);
  expect(message(() => graph('net/late'))).toMatch(
    /model\.json: expected an operator that is supported for the node "net\/odd" \(Erf\), received "Erf"\nIt lies on the way to the layer asked for/,
  );
});

test('a layer is found by name or slug, and the nearest are told where there is none', async () => {
  const model = await tiny();
  expect(findLayer(model, 'a-relu', 20)).toMatchObject({ name: 'net/a/Relu', shape: [4, 10, 10] });
  expect(findLayer(model, 'net/b/Conv2D')).toMatchObject({ slug: 'b' });
  expect(message(() => findLayer(model, 'a-relu6'))).toBe(
    'tiny: expected the name or slug of one of its layers for the layer, received "a-relu6"\n' +
      'Nearest: a-relu, a, pool. "atlas layers MODEL" lists them all.',
  );
  expect(message(() => model.graph({ layers: ['net/x'], batch: 1, height: 32, width: 32 }))).toContain('received "net/x"');
});

test('an image too small for the layer is refused with the least size', async () => {
  const model = await tiny();
  const graph = (layer: string, height: number, width: number) => () => model.graph({ layers: [layer], batch: 1, height, width });
  expect(message(graph('net/pool', 4, 40))).toBe(
    'tiny: expected an image size of at least 5 pixels for the layer "net/pool", received "4×40"\n' +
      'The image size is too small for the layer: use 5 pixels or more a side, or a layer nearer to the image.',
  );
  expect(message(graph('net/a/Relu', 40, 1))).toContain('expected an image size of at least 2 pixels');
  expect(graph('net/pool', 5, 5)().types.get('net/pool')?.shape).toEqual([1, 4, 1, 1]);
  expect(message(() => findLayer(model, 'pool', 3))).toContain('too small for the layer');
});

test('loops and nodes that nothing makes do not trouble the layers before them', async () => {
  const loop: TinyNode[] = [
    { name: 'merge', op: 'Merge', input: ['net/pool', 'next'] },
    { name: 'next', op: 'NextIteration', input: ['merge'] },
    { name: 'dangling', op: 'Add', input: ['net/b/Conv2D', 'nothing'] },
    { name: 'misfit', op: 'Add', input: ['k1', 'k2'] },
    { name: 'fits not', op: 'Mul', input: ['net/pool', 'misfit'] },
  ];
  const model = await openModel(await writeModel([image(32), ...nodes, ...loop], weights));
  expect(model.layers()).toHaveLength(5);
  expect(message(() => model.graph({ layers: ['next'], batch: 1, height: 32, width: 32 }))).toContain('the node "merge" (Merge)');
  for (const [layer, input] of [
    ['dangling', 'nothing'],
    ['fits not', 'misfit'],
  ])
    expect(message(() => model.graph({ layers: [layer], batch: 1, height: 32, width: 32 }))).toContain(
      `for the node "${layer}" (${layer === 'dangling' ? 'Add' : 'Mul'}), received "${input}"`,
    );
});

test('the beginning of a name finds what it begins before what merely looks like it', async () => {
  const known = ['relu', 'logits', 'layer3-0-conv1', 'layer3-1-conv2'].map((slug) => ({ slug, name: `/${slug}` }));
  expect(unknownLayer('net', known, 'layer3').message).toContain('Nearest: layer3-0-conv1, layer3-1-conv2, ');
});
