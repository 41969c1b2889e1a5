/** What pages say: of units, layers, comparisons, and how to cite them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { allPictures, mosaic, originalName, thumbnailName } from '../../site/images/pictures.ts';
import { type AtlasStore, type Layer, readAtlases, type Unit } from '../../site/store/load-atlases.ts';
import { citeUnit } from '../../site/view/cite.ts';
import { extents, fieldText, missing, sortKey, sortsOf, tapSentence, tapWord } from '../../site/view/layer.ts';
import { METRICS } from '../../site/view/metrics.ts';
import { bytes, interval, number, probability, signed } from '../../site/view/numbers.ts';
import { pixelText } from '../../site/view/pixels.ts';
import {
  altText,
  conceptSentence,
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
    const measured = unit('channel-2');
    const { natural_2afc: _, ...older } = measured.measures;
    const bare = { ...unit('random-1'), measures: { ...older, attainment: null } };
    expect(altText(measured, layer)).toBe(
      `channel 2 of expanded_conv/depthwise, recognition ${((measured.measures.natural_2afc ?? 0) * 100).toFixed(1)}%`,
    );
    expect(altText({ ...measured, measures: older }, layer)).toBe(
      `channel 2 of expanded_conv/depthwise, attainment ${older.attainment?.toFixed(1)} σ`,
    );
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
    const standing = standings(layer, best);
    const attainment = standing.find(({ metric }) => metric.field === 'attainment');
    expect(attainment?.place).toMatch(/^above 88% of 8 channels and \d+% of 3 random directions$/);
    expect(attainment?.basis).toHaveLength(8);
    expect(standing.map(({ metric }) => metric.field)).toEqual(METRICS.map(({ field }) => field));
    expect(standing[0]?.text).toBe(`${((best.measures.natural_2afc ?? 0) * 100).toFixed(1)}%`);
    const failed = standings(layer, unit('channel-5'));
    expect(failed.filter(({ value }) => value === null).map(({ metric, text }) => `${metric.field} ${text}`)).toEqual([
      'synthetic_2afc –',
      'render_top –',
      'render_identity –',
      'attainment –',
      'robustness –',
    ]);
  });

  test('leaves out measures that no unit of its layer has', () => {
    const bare = { attainment: 5, exceeds: 1, robustness: 0.7, render_identity: null };
    const older = { ...layer, units: layer.units.map((one) => ({ ...one, measures: bare })) };
    expect(standings(older, older.units[0] ?? unit('channel-0')).map(({ metric }) => metric.field)).toEqual(['attainment', 'robustness']);
    expect(sortsOf(older).map(({ place, id }) => `${place} ${id}`)).toEqual(['7 attainment', '8 robustness', '9 score']);
  });

  test('names its best concept, and calls it a detector only above the threshold', () => {
    const sentence = (dissection: number | null) =>
      conceptSentence({ ...unit('channel-0'), concept: 'grating-45-8', measures: { ...unit('channel-0').measures, dissection } });
    expect(sentence(0.12)).toBe('Best concept: grating 45°, 8 px. ');
    expect(sentence(0.04)).toBe('Best concept: grating 45°, 8 px, too little to be called a detector. ');
    expect(sentence(null)).toBe('');
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
    const { bibtex, text } = citeUnit(store, layer, unit('channel-2'));
    expect(bibtex).toContain('@misc{fixture-net-expanded-conv-depthwise-channel-2,');
    expect(bibtex).toContain('title = {{Channel 2 of layer expanded\\_conv/depthwise in Fixture network}}');
    expect(text).toMatch(/^Basis Atlas \(2026, March 4\)\. Channel 2 of layer .* \/fixture-net\/expanded-conv-depthwise\/channel-2\/$/);
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
    const measures = { attainment: 5.12345, exceeds: 1, robustness: null, render_identity: 0.9, other_tops_2afc: -0.25 };
    const { render: _, ...bare } = unit('channel-0');
    expect(sortKey({ ...bare, measures })).toBe(',,-.25,,,.9,,5.123');
    expect(sortKey(unit('channel-0')).split(',').at(-1)).toBe(String(Number(unit('channel-0').render?.score?.toPrecision(4))));
    expect(Number(sortKey(unit('channel-0')).split(',')[0])).toBe(unit('channel-0').measures.natural_2afc);
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

test('numbers are written with a real minus and never a negative zero', () => {
  expect([number(-0.3, 2), number(-0.001, 2), signed(0.25, 1), signed(0, 2)]).toEqual(['−0.30', '0.00', '+0.3', '0.00']);
  expect([interval([-0.1, 0.254]), interval(null), bytes(999), bytes(124_000), bytes(13_900_000)]).toEqual([
    '[−0.10, +0.25]',
    '–',
    '999 B',
    '124 kB',
    '13.9 MB',
  ]);
  expect([probability(0.0004), probability(0.04), probability(null)]).toEqual(['< 0.001', '0.040', '–']);
});
