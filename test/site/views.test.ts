/** What pages say: of units, layers, comparisons, and how to cite them. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ComparisonResult } from '../../data/schema.ts';
import { allPictures, mosaic, originalName, thumbnailName } from '../../site/images/pictures.ts';
import { type AtlasStore, type Layer, readAtlases, type Unit } from '../../site/store/load-atlases.ts';
import { unitPath } from '../../site/view/address.ts';
import { citeUnit } from '../../site/view/cite.ts';
import { gateWord, headline, verdict } from '../../site/view/comparison.ts';
import { extents, fieldText, missing, sortKey, tapSentence, tapWord } from '../../site/view/layer.ts';
import { number, probability, signed } from '../../site/view/metrics.ts';
import { pixelText } from '../../site/view/pixels.ts';
import {
  altText,
  directionSentence,
  exceedSentence,
  layerTitle,
  nameParts,
  neighbours,
  shortName,
  standings,
  stateSentence,
} from '../../site/view/unit.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeStore } from './make-store.ts';

let data: string;
let store: AtlasStore;
let layer: Layer;

beforeAll(async () => {
  data = temporaryFolder('data');
  await makeStore(data, { channels: [9, 4], random: 3, subset: 2, size: 16 });
  [store, layer] = first(await readAtlases(data));
});

function first([one]: AtlasStore[]): [AtlasStore, Layer] {
  const shallow = one?.layers[0];
  if (!one || !shallow) throw new Error('The fixture store is empty.');
  return [one, shallow];
}

function unit(id: string): Unit {
  const found = layer.units.find((one) => one.id === id);
  if (!found) throw new Error(`The fixture has no ${id}.`);
  return found;
}

describe('a unit', () => {
  test('has an alternative text that says what is known', () => {
    const [measured, bare] = [unit('channel-2'), { ...unit('random-1'), measures: { ...unit('random-1').measures, attainment: null } }];
    expect(altText(measured, layer)).toBe(`channel 2 of expanded_conv/depthwise, attainment ${measured.measures.attainment?.toFixed(1)} σ`);
    expect(altText(bare, layer)).toBe('random direction 1 of expanded_conv/depthwise, not measured');
    expect(altText(unit('channel-5'), layer)).toBe('channel 5 of expanded_conv/depthwise, failed');
  });

  test('says what became of a render that did not go well', () => {
    expect(stateSentence(unit('channel-5'))).toBe(
      'The render failed: the runtime ran out of memory. The next run of the plan tries again.',
    );
    expect(stateSentence(unit('channel-7'))).toContain('almost flat');
    expect(stateSentence(unit('channel-2'))).toBe('');
  });

  test('has the units beside it, over both arms', () => {
    const beside = (id: string) => [neighbours(layer, unit(id)).previous?.id, neighbours(layer, unit(id)).next?.id];
    expect(beside('channel-0')).toEqual([undefined, 'channel-1']);
    expect(beside('channel-8')).toEqual(['channel-7', 'random-0']);
    expect(beside('random-2')).toEqual(['random-1', undefined]);
  });

  test('stands somewhere among both arms by each measure', () => {
    const values = layer.units.flatMap((one) => (one.arm === 'basis' && one.measures.attainment !== null ? [one.measures.attainment] : []));
    const best = layer.units.find((one) => one.measures.attainment === Math.max(...values)) ?? unit('channel-0');
    const [identity, attainment] = standings(layer, best);
    expect(attainment?.place).toMatch(/^above 88% of 8 channels and \d+% of 3 random directions$/);
    expect(attainment?.basis).toHaveLength(8);
    expect(identity?.metric.id).toBe('render-identity');
    expect(standings(layer, unit('channel-5')).map((one) => one.text)).toEqual(['–', '–', '–']);
  });

  test('says whether its renders beat every image', () => {
    const sentence = (exceeds: number | null, id = 'channel-0') =>
      exceedSentence({ ...unit(id), measures: { ...unit(id).measures, exceeds } });
    expect([sentence(null), sentence(2 / 3)]).toEqual(['', '2 of 3 renders score above every image. ']);
    expect(sentence(0, 'channel-8')).toBe('Some image scores above the render. ');
  });

  test('has a direction in words', () => {
    expect(directionSentence({ kind: 'channel', channel: 3, sign: -1 }, 9)).toBe(
      'A one-hot vector: minus one at channel 3, zero at the other 8.',
    );
    expect(directionSentence(unit('random-2').record.direction, 9)).toMatch(/^Row 2 of frame 0: a 9 × 9 orthogonal matrix/);
  });

  test('is cited with its stable address, and TeX is kept from harm', () => {
    const { bibtex, text } = citeUnit(store, layer, unit('channel-2'), `https://a.example/${unitPath(store, layer, unit('channel-2'))}`);
    expect(bibtex).toContain('@misc{fixture-net-expanded-conv-depthwise-channel-2,');
    expect(bibtex).toContain('title = {{Channel 2 of layer expanded\\_conv/depthwise in Fixture network}}');
    expect(text).toMatch(
      /^Basis Atlas \(2026\)\. Channel 2 of layer .* https:\/\/a\.example\/fixture-net\/expanded-conv-depthwise\/channel-2\/$/,
    );
  });
});

describe('a layer', () => {
  test('says where it is read', () => {
    expect(tapWord(layer.layer)).toBe('before ReLU6');
    expect(tapSentence({ ...layer.layer, tap: 'linear' })).toContain('basis is not expected to win');
    expect(tapSentence({ ...layer.layer, tap: 'after' })).toContain('even untrained networks');
    expect(tapSentence({ ...layer.layer, tap: 'linear', operator: 'MaxPool' })).not.toContain('bottleneck');
    expect(tapSentence({ ...layer.layer, tap: 'linear', operator: 'Gemm', shape: [10, 1, 1] })).toContain('a class');
  });

  test('counts tokens as tokens, a vector as one number, and sees no more than the picture', () => {
    const { layer: about } = layer;
    expect(extents({ ...about, shape: [128, 196, 1], layout: 'NTC' })).toEqual({ name: 'Channels × tokens', text: '128 × 196 tokens' });
    expect(extents({ ...about, shape: [10, 1, 1], layout: 'NC' })).toEqual({ name: 'A vector of', text: '10 channels' });
    expect(extents(about).text).toBe('9 × 112 × 112');
    expect(fieldText({ ...about, receptive_field: 7 })).toBe('7 px');
    expect(fieldText({ ...about, receptive_field: 144 })).toBe('the whole picture');
  });

  test('says what the network wants of its pixels', () => {
    expect(pixelText({ scale: [2, 2, 2], offset: [-1, -1, -1] })).toBe('0 to 1, × 2 − 1');
    expect(pixelText({ scale: [255], offset: [0] })).toBe('0 to 1, × 255');
    expect(pixelText({ scale: [1, 1, 1], offset: [0, 0, 0], order: 'BGR' })).toBe('0 to 1, blue first in the file');
    expect(pixelText({ scale: [4.36681, 4.4643, 4.4444], offset: [-2.1179, -2.0357, -1.8044] })).toBe(
      '0 to 1; red × 4.37 − 2.12, green × 4.46 − 2.04, blue × 4.44 − 1.80',
    );
  });

  test('has the name that PyTorch gives it', () => {
    const title = (name: string, slug: string) => layerTitle({ ...layer.layer, name, slug });
    expect(title('/layer1/layer1.0/conv1/Conv_output_0', 'layer1-0-conv1')).toBe('layer1.0/conv1');
    expect(title('/encoder/layers/encoder_layer_0/mlp/mlp.0/Add_output_0', 'encoder-layers-encoder-layer-0-mlp-0-add')).toBe(
      'encoder/layers/encoder_layer_0/mlp.0/Add',
    );
  });

  test('counts what is still to render', () => {
    expect(missing(layer)).toBe(0);
    expect(missing({ ...layer, units: layer.units.slice(3) })).toBe(3);
  });

  test('gives its tiles short keys to sort by', () => {
    expect(sortKey({ ...unit('channel-0'), measures: { attainment: 5.12345, exceeds: 1, robustness: null, render_identity: 0.9 } })).toBe(
      '5.123,,0.9',
    );
  });

  test('cuts long names, and lets the others break after their separators', () => {
    expect(shortName('x'.repeat(10_000))).toHaveLength(80);
    const about = { ...layer.layer, name: 'Top/Net/expanded_conv_6/expand/BatchNorm/batchnorm/add_1', slug: 'expanded-conv-6-expand' };
    expect(layerTitle(about)).toBe('expanded_conv_6/expand');
    expect(layerTitle({ ...about, slug: 'something-else' })).toBe('something-else');
    expect(nameParts('expanded_conv_3/expand')).toEqual(['expanded_', 'conv_', '3/', 'expand']);
  });
});

describe('pictures', () => {
  test('a mosaic spaces its units evenly over all there are', () => {
    expect(mosaic(store, layer, 'basis')?.shown.map((one) => one.id)).toEqual([
      'channel-0',
      'channel-1',
      'channel-3',
      'channel-4',
      'channel-6',
      'channel-7',
    ]);
    expect(mosaic(store, layer, 'basis-negative')).toBeUndefined();
  });

  test('each render has an original and a thumbnail under its own hash', () => {
    const pictures = allPictures([store]);
    const image = unit('channel-2').render?.image ?? '';
    expect(pictures.get(originalName(image))?.tile).toBeNull();
    expect(pictures.get(thumbnailName(image))?.tile).toBe(96);
    expect(originalName(image).slice(0, 20)).toBe(image.slice(0, 20));
  });
});

describe('the comparison', () => {
  const result = (cliff: number, ci: [number, number], p = 0.001) =>
    ({ metric: 'render-identity', cliff, ci, p_adjusted: p, p_permutation: p }) as ComparisonResult;

  test.each([
    ['basis', result(0.4, [0.2, 0.6])],
    ['random', result(-0.4, [-0.6, -0.2])],
    ['same', result(0.01, [-0.12, 0.14], 0.8)],
    ['undecided', result(0.1, [-0.1, 0.3], 0.3)],
    ['undecided', result(0.2, [0.01, 0.4], 0.06)],
    ['ceiling', { ...result(0, [-0.05, 0.05], 0.9), meanA: 0.995, meanB: 0.991 }],
    ['absent', undefined],
  ] as const)('reads as %s', (expected, given) => {
    expect(verdict(given)).toBe(expected);
  });

  test('a gate is equal only if shown so', () => {
    expect(gateWord(result(0.01, [-0.1, 0.1], 0.8))).toBe('equal');
    expect(gateWord(result(0.1, [-0.1, 0.3], 0.3))).toBe('no difference shown');
  });

  test('has a headline that counts every layer, or says that there is none', () => {
    expect(headline(store)).toMatch(/^[A-Z].* in \d of 2 layers(; undecided in 1)?\.$/);
    const { comparison: _, ...bare } = store;
    expect(headline(bare)).toBe('Not compared yet.');
    expect(headline({ ...bare, atlas: { ...bare.atlas, complete: false } })).toContain('Still being rendered');
  });
});

test('numbers are written with a real minus and never a negative zero', () => {
  expect([number(-0.3, 2), number(-0.001, 2), signed(0.25, 1), signed(0, 2)]).toEqual(['−0.30', '0.00', '+0.3', '0.00']);
  expect([probability(0.0004), probability(0.04), probability(null)]).toEqual(['< 0.001', '0.040', '–']);
});
