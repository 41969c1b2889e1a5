/** The default model as the importer reads it: its layers, how far it is folded, what it refuses. */
import { describe, expect, test } from 'vitest';
import { defaultModel } from '../requires.ts';
import { message } from './tiny-model.ts';

describe('the default model', () => {
  test('has its backbone as layers, with the addresses that the atlas uses', async (context) => {
    const model = await defaultModel(context);
    const layers = model.layers();
    const bySlug = new Map(layers.map((layer) => [layer.slug, layer]));
    const prefix = 'FeatureExtractor/MobilenetV2';
    // Stem 2, first block 3, sixteen blocks of 5, ten residual sums, head of the backbone 2, the detector's extra feature maps 24.
    expect(layers).toHaveLength(121);
    expect(layers.every(({ name }) => name.startsWith(prefix))).toBe(true);
    expect(bySlug.get('expanded-conv-6-expand')).toEqual({
      name: `${prefix}/expanded_conv_6/expand/BatchNorm/batchnorm/add_1`,
      slug: 'expanded-conv-6-expand',
      tap: 'before',
      nonlinearity: 'Relu6',
      operator: 'Conv',
      shape: [192, 38, 38],
      receptiveField: 59,
      stride: 8,
    });
    expect(bySlug.get('expanded-conv-6-expand-relu6')).toMatchObject({ tap: 'after', name: `${prefix}/expanded_conv_6/expand/Relu6` });
    expect(bySlug.get('expanded-conv-6-project')).toMatchObject({ tap: 'linear', shape: [64, 19, 19] });
    expect(bySlug.get('expanded-conv-2-add')).toMatchObject({ tap: 'linear', operator: 'Add' });
    expect(bySlug.get('conv')).toMatchObject({ shape: [32, 150, 150], receptiveField: 3, stride: 2 });
    expect(bySlug.get('conv-1-relu6')).toMatchObject({ shape: [1280, 10, 10], receptiveField: 491, stride: 32 });
  });

  test('is folded to convolutions, clips and residual sums', async (context) => {
    const model = await defaultModel(context);
    const graph = model.graph({ layers: ['FeatureExtractor/MobilenetV2/Conv_1/Relu6'], batch: 2, height: 97, width: 128 });
    const counts = Map.groupBy(graph.nodes, ({ op }) => op);
    expect([...counts].map(([op, list]) => `${op} ${list.length}`)).toEqual(['Conv 52', 'Clip 35', 'Add 10']);
    expect(graph.types.get('FeatureExtractor/MobilenetV2/Conv_1/Relu6')?.shape).toEqual([2, 1280, 4, 4]);
  });

  test('refuses its detection head, and pictures smaller than a stride', async (context) => {
    const model = await defaultModel(context);
    const request = { batch: 1, height: 31, width: 31 };
    expect(message(() => model.graph({ ...request, layers: ['Postprocessor/Slice'] }))).toContain('the node "Postprocessor/Slice" (Slice)');
    expect(message(() => model.graph({ ...request, layers: ['FeatureExtractor/MobilenetV2/Conv_1/Relu6'] }))).toContain(
      'expected an image size of at least 32 pixels for the layer "FeatureExtractor/MobilenetV2/Conv_1/Relu6", received "31×31"',
    );
  });
});
