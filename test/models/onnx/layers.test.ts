/** What a newcomer's networks list as layers: what one position of tokens, windows and decoders sees, and no halves of an operation. */
import { expect, test } from 'vitest';
import type { Layer } from '../../../generator/models/model.ts';
import { openModel } from '../../../generator/models/open.ts';
import { readFixture, writeInstance } from '../../families/instance.ts';
import { temporaryFolder } from '../../temporary.ts';
import { write } from './write-model.ts';

const folder = temporaryFolder('layers');

async function layersOf(family: string, variant: string): Promise<{ size: number; layers: readonly Layer[] }> {
  const paths = writeInstance(family, readFixture(family), folder);
  const model = await openModel(paths.get(variant) ?? '');
  return { size: model.size, layers: model.layers() };
}

test('a patch sees itself, and a token after attention at least the whole image', async () => {
  const { size, layers } = await layersOf('vit', '13');
  const field = (part: string) => layers.find(({ name }) => name.includes(part))?.receptiveField;
  expect(size).toBe(64);
  expect(field('/conv_proj/')).toBe(16);
  expect(field('encoder_layer_0/ln_1/')).toBe(16); // A norm over channels sees no further.
  expect(field('encoder_layer_0/Add')).toBeGreaterThanOrEqual(size);
});

test('windows of attention see as far as they reach, and merging patches doubles the stride once', async () => {
  const { layers } = await layersOf('swin-v1', '13');
  const [patches] = layers;
  const merged = layers.find(({ name }) => name.includes('/features.2/reduction/'));
  const block = layers.findLast(({ name }) => name.includes('/features.1/'));
  expect(merged?.stride).toBe(2 * patches.stride);
  expect(merged?.receptiveField).toBe((block?.receptiveField ?? 0) + patches.stride);
});

test('a norm spelled out is one layer, and a product with its bias too', async () => {
  const { layers } = await layersOf('vit', '11');
  const norm = layers.filter(({ name }) => name.includes('encoder_layer_0/ln_1/'));
  const mlp = layers.filter(({ name }) => name.includes('encoder_layer_0/mlp/'));
  expect(norm.map(({ name }) => name.split('/').at(-1))).toEqual(['Add_1_output_0']);
  expect(mlp.map(({ operator, tap }) => `${operator} ${tap}`)).toEqual(['Add before', 'Mul after', 'Add linear']);
});

test('a decoder halves its stride again, and a layer behind flattened positions sees all of them', async () => {
  const kernel = (name: string, shape: number[]) => ({
    name,
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
  });
  const file = await write({
    nodes: [
      { op: 'Conv', name: 'down', inputs: ['image', 'w1'], outputs: ['down'], attributes: { strides: [4, 4] } },
      { op: 'ConvTranspose', name: 'up', inputs: ['down', 'w2'], outputs: ['up'], attributes: { strides: [2, 2] } },
      { op: 'Conv', name: 'after', inputs: ['up', 'w3'], outputs: ['after'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Flatten', name: 'flat', inputs: ['down'], outputs: ['flat'] },
      { op: 'Gemm', name: 'scores', inputs: ['flat', 'w4'], outputs: ['scores'] },
    ],
    tensors: [kernel('w1', [6, 3, 4, 4]), kernel('w2', [6, 6, 2, 2]), kernel('w3', [6, 6, 3, 3]), kernel('w4', [384, 5])],
    inputs: [{ name: 'image', shape: ['N', 3, 32, 32] }],
    outputs: [{ name: 'scores' }, { name: 'after' }],
  });
  const layers = (await openModel(file)).layers();
  const seen = layers.map(({ slug, receptiveField, stride }) => [slug, receptiveField, stride]);
  expect(seen).toEqual([
    ['down', 4, 4],
    ['up', 4, 2],
    ['after', 8, 2],
    ['scores', 32, 4],
  ]);
});

test('a size that does not go by its remainder is refused with the nearest that do', async () => {
  const model = await openModel(
    await write({
      nodes: [
        { op: 'Conv', name: 'first', inputs: ['image', 'w'], outputs: ['first'] },
        { op: 'MaxPool', name: 'down', inputs: ['first'], outputs: ['down'], attributes: { kernel_shape: [8, 8], strides: [8, 8] } },
        { op: 'Resize', name: 'up', inputs: ['down', '', 'scales'], outputs: ['up'] },
        { op: 'Add', name: 'join', inputs: ['first', 'up'], outputs: ['join'] },
      ],
      tensors: [
        { name: 'w', shape: [2, 3, 1, 1], values: [1, 2, 3, 4, 5, 6] },
        { name: 'scales', shape: [4], values: [1, 1, 8, 8] },
      ],
      inputs: [{ name: 'image', shape: ['N', 3, 'H', 'W'] }],
      outputs: [{ name: 'join' }],
    }),
  );
  expect(() => model.graph({ layers: ['join'], batch: 1, height: 50, width: 50 })).toThrow(
    /expected images of 48 or 56 pixels a side for the layer "join", received "50×50"/,
  );
  expect(model.graph({ layers: ['join'], batch: 1, height: 56, width: 56 }).types.get('join')?.shape).toEqual([1, 2, 56, 56]);
});

test('a network that cannot be read from its first operator on says that there is nothing, and why', async () => {
  const file = await write({
    nodes: [{ op: 'LSTM', name: 'first', inputs: ['image', 'w', 'w'], outputs: ['y'] }],
    tensors: [{ name: 'w', shape: [1], values: [1] }],
    inputs: [{ name: 'image', shape: ['N', 3, 8, 8] }],
    outputs: [{ name: 'y' }],
  });
  await expect(openModel(file)).rejects.toThrow(
    /expected an operator that is supported for the node "first" \(LSTM\), received "LSTM"\nNo layer lies before it/,
  );
});
