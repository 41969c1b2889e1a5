/** TF.js graph models: windows, their padding, and how attributes are written. */
import { describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { base64, bytes, convolve, distance, image, ints, picture, run, type TinyNode, weight, window, writeModel } from './tiny-model.ts';

const kernel = weight('kernel', [3, 3, 3, 4]);
const conv: TinyNode = { name: 'net/conv/Conv2D', op: 'Conv2D', input: ['image', 'kernel'], attr: window(2, 'SAME') };

async function open(nodes: TinyNode[]) {
  return openModel(await writeModel([image(), ...nodes], [kernel]));
}

describe('padding', () => {
  for (const [height, width] of [
    [7, 9],
    [8, 10],
    [5, 8],
    [1, 3],
  ])
    for (const stride of [1, 2, 3])
      for (const padding of ['SAME', 'VALID'] as const) {
        if (padding === 'VALID' && height < 3) continue;
        test(`${padding}, stride ${stride}, ${height}×${width}: a convolution equals the definition`, async () => {
          const model = await open([{ ...conv, attr: window(stride, padding) }]);
          const x = picture(Math.max(height, stride), width);
          expect(distance(await run(model, conv.name, x), convolve(x, kernel, stride, padding))).toBeLessThan(1e-5);
        });
      }

  test('SAME is made explicit, and asymmetric where the odd pixel demands it', async () => {
    const model = await open([conv]);
    const pads = (height: number, width: number) => model.graph({ layers: [conv.name], batch: 1, height, width }).nodes[0].attributes;
    expect(pads(8, 7)).toMatchObject({ strides: [2, 2], pads: [0, 1, 1, 1] });
    expect(pads(7, 8)).toMatchObject({ pads: [1, 0, 1, 1] });
  });

  test('EXPLICIT padding is read', async () => {
    const attr = { strides: ints(1, 1, 1, 1), padding: bytes('EXPLICIT'), explicit_paddings: ints(0, 0, 1, 2, 0, 1, 0, 0) };
    const model = await open([{ ...conv, attr }]);
    expect(model.graph({ layers: [conv.name], batch: 1, height: 5, width: 5 }).nodes[0].attributes).toMatchObject({ pads: [1, 0, 2, 1] });
  });

  test('pooling pads as convolutions do, and averages only what is there', async () => {
    const pool = (op: string): TinyNode => ({ name: op, op, input: ['image'], attr: { ...window(2, 'SAME'), ksize: ints(1, 3, 3, 1) } });
    const model = await open([pool('MaxPool'), pool('AvgPool'), conv]);
    const x = { shape: [1, 2, 2, 3] as const, data: Float32Array.from([1, 10, -1, 2, 20, -2, 3, 30, -3, 4, 40, -4]) };
    expect([...(await run(model, 'MaxPool', x)).data]).toEqual([4, 40, -1]);
    expect([...(await run(model, 'AvgPool', x)).data]).toEqual([2.5, 25, -2.5]);
  });
});

describe('attributes', () => {
  for (const [how, padding] of [
    ['bytes', bytes('VALID')],
    ['base64', base64('VALID')],
    ['plain text', { s: 'VALID' }],
  ] as const)
    test(`a string given as ${how} is read`, async () => {
      const model = await open([{ ...conv, attr: { strides: { list: { i: [1, 2, 2, 1] } }, padding } }]);
      expect(model.graph({ layers: [conv.name], batch: 1, height: 7, width: 7 }).nodes[0].attributes).toMatchObject({ pads: [0, 0, 0, 0] });
    });
});
