/** Layers in words. */
import { expect, test } from 'vitest';
import { describeField, describeLayer, describeShape } from '../../generator/cli/describe-layer.ts';
import { toPreprocess } from '../../generator/models/pixel-range.ts';

const layer = { name: 'x', slug: 'x', tap: 'linear', operator: 'Add', shape: [128, 65, 1], receptiveField: 112, stride: 8 } as const;

test('tokens are counted as tokens, and a vector as values', () => {
  expect(describeShape({ ...layer, layout: 'NTC' })).toBe('128×65 tokens');
  expect(describeShape({ ...layer, shape: [10, 1, 1], layout: 'NC' })).toBe('10');
  expect(describeShape({ ...layer, shape: [64, 56, 56] })).toBe('64×56×56');
  expect(describeLayer({ ...layer, layout: 'NTC' }, 64)).toBe('128 channels of 65 tokens, linear; a token sees the whole image.');
  expect(describeLayer({ ...layer, shape: [10, 1, 1], layout: 'NC' }, 64)).toBe('10 values, linear; they see the whole image.');
});

test('no position sees more than the whole image', () => {
  expect([describeField(layer, 64), describeField(layer, 112), describeField(layer, 224)]).toEqual(['whole', 'whole', 112]);
});

test('a mean for each colour is refused where there is one channel', () => {
  expect(() => toPreprocess({ mean: [0.5, 0.4, 0.3] }, 1)).toThrow(/expected one number for mean, received "0\.5,0\.4,0\.3"/);
  expect(toPreprocess({ mean: [0.5], std: [0.25] }, 2)).toEqual({ scale: [4, 4], offset: [-2, -2] });
});
