/** Embeds as text: what they say, what a blind one does not, and that no name becomes markup. */
import { beforeAll, describe, expect, test } from 'vitest';
import { embedCode, embedPage, embedPath } from '../../../site/data/embed.ts';
import type { AtlasStore, Layer, Unit } from '../../../site/store/load-atlases.ts';
import { temporaryFolder } from '../../temporary.ts';
import { makeHostile, readFirst, smallStore } from './make-published.ts';

let store: AtlasStore;
let hostile: AtlasStore;

beforeAll(async () => {
  store = await smallStore(temporaryFolder('embed'));
  const folder = temporaryFolder('hostile-embed');
  await smallStore(folder);
  await makeHostile(folder, 'fixture-net');
  hostile = await readFirst(folder);
});

function at({ layers: [layer] }: AtlasStore, id: string): [Layer, Unit] {
  const unit = layer?.units.find((one) => one.id === id);
  if (!layer || !unit) throw new Error(`The fixture has no ${id}.`);
  return [layer, unit];
}

test('shows picture, name, layer, arm, licence and the way to the page', () => {
  const html = embedPage(store, ...at(store, 'channel-2'));
  for (const part of [
    'Channel 2',
    'expanded_<wbr>conv/<wbr>depthwise',
    'Basis arm',
    'Apache-2.0',
    'alt="channel 2 of',
    'href="/fixture-net/expanded-conv-depthwise/channel-2/"',
  ])
    expect(html).toContain(part);
});

describe.for(['channel-2', 'channel-5', 'random-1'])('a blind embed of %s', (id) => {
  test('has no word of unit, layer or arm, anywhere in its source', () => {
    const [layer, unit] = at(store, id);
    const html = embedPage(store, layer, unit, { blind: true });
    for (const answer of [
      id,
      layer.slug,
      'expanded',
      'hannel',
      'andom',
      'asis arm',
      'class="b"',
      'class="r"',
      'recognition',
      '◆',
      '○',
      'failed',
    ])
      expect(html).not.toContain(answer);
    expect(html).toContain(unit.render?.image?.slice(0, 20) ?? 'No picture');
  });
});

test('blind embeds differ in nothing but the picture', () => {
  const blind = (id: string) => embedPage(store, ...at(store, id), { blind: true }).replace(/\/i\/\w+\.webp/, '');
  expect(blind('random-1')).toBe(blind('channel-2'));
});

test('needs no script and no style of its own', () => {
  for (const blind of [true, false]) {
    const html = embedPage(store, ...at(store, 'channel-2'), { blind });
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/);
    expect(html).toContain(`http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'`);
  }
});

test('hostile names stay text, are cut, and cannot turn the text around them', () => {
  for (const id of ['channel-2', 'channel-5']) {
    const html = embedPage(hostile, ...at(hostile, id));
    expect(html).not.toMatch(/<script|<img src=x|alert\(1\)"|onerror=alert\(1\)>/);
    expect(html).toContain('<bdi>&lt;/script&gt;&lt;script&gt;');
    expect(html.length).toBeLessThan(4_000);
    // Every tag is one of the page's own.
    const tags = new Set([...html.matchAll(/<\/?([a-z]+)/gi)].map(([, tag]) => tag));
    expect([...tags].sort()).toEqual(
      [
        'a',
        'bdi',
        'body',
        'figcaption',
        'figure',
        'h',
        'head',
        'html',
        id === 'channel-5' ? 'p' : 'img',
        'link',
        'main',
        'meta',
        'small',
        'span',
        'title',
      ].sort(),
    );
  }
});

test('the code to paste is one frame, with a title that a blind one keeps to itself', () => {
  const [layer, unit] = at(store, 'channel-2');
  expect(embedCode(store, layer, unit)).toBe(
    '<iframe src="/fixture-net/expanded-conv-depthwise/channel-2/embed/" title="Channel 2 of expanded_conv/depthwise, Basis Atlas" width="320" height="400" loading="lazy"></iframe>',
  );
  const blind = embedCode(store, layer, unit, { blind: true });
  expect(blind).toContain('/embed/blind/"');
  expect(blind).toContain('title="A picture of what one direction of a network looks for"');
  expect(embedPath(store, layer, unit)).toBe('fixture-net/expanded-conv-depthwise/channel-2/embed/');
});
