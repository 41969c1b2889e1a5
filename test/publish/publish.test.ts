/** Publishing, retiring and resolving, on real stores: what is kept, and what is refused with which words. */

import { existsSync } from 'node:fs';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import { beforeEach, describe, expect, test } from 'vitest';
import { withoutDigests } from '../../data/schema.ts';
import { REPAIR } from '../../generator/batch/finding.ts';
import { Store } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { checkEditions } from '../../generator/publish/check-editions.ts';
import { ledgerJsonSchema, readLedger } from '../../generator/publish/ledger-file.ts';
import { publish } from '../../generator/publish/publish.ts';
import { resolveAddress } from '../../generator/publish/resolve.ts';
import { retire } from '../../generator/publish/retire.ts';
import { imageFile, readAtlases } from '../../site/store/load-atlases.ts';
import { readPublished } from '../../site/store/load-ledger.ts';
import { editionChanges } from '../../site/view/editions.ts';
import { temporaryFolder } from '../temporary.ts';
import {
  changeAtlas,
  DROPPED,
  type Fixture,
  HOSTILE,
  KEPT,
  makeFirstEdition,
  makeSecondEdition,
  NEW_NAME,
  RENAMED,
} from './make-editions.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await makeFirstEdition(temporaryFolder('editions'));
});

/** What a build does before it begins. */
async function hold() {
  const { atlases, ledger } = fixture;
  return readPublished(await readAtlases(atlases), ledger, atlases);
}

async function change(file: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(join(fixture.store, file), 'utf8');
  expect(text).toMatch(from);
  await writeFile(join(fixture.store, file), text.replace(from, to));
}

const again = (edition?: number) =>
  publish({ store: fixture.store, ledger: fixture.ledger, today: '2026-05-06', ...(edition ? { edition } : {}) });
const LINES = 1 + 3 + (3 + 2) + (3 + 2) + (4 + 2);
const layerFileOf = (path: string) => `layers/${path.split('/')[1]}.jsonl`;

describe('an edition that is published', () => {
  test('has a line for every address, of a few hundred bytes at most', async () => {
    const entries = await readLedger(fixture.ledger);
    expect(entries).toHaveLength(LINES);
    expect(new Set(entries.map(({ address }) => address)).size).toBe(LINES);
    expect(entries.map(({ address }) => address)).toEqual(
      expect.arrayContaining(['fixture-net/', DROPPED, `${KEPT}channel-0/`, `${RENAMED}random-1/`]),
    );
    const longest = Math.max(...(await readFile(fixture.ledger, 'utf8')).split('\n').map((line) => line.length));
    expect(longest).toBeLessThan(300);
  });

  test('is held to what the site reads: both sides compute the same contents', async () => {
    const { editions } = await hold();
    expect(editions.get('fixture-net')?.map(({ edition, when, contents }) => [edition, when, contents.size])).toEqual([
      [1, '2026-01-02', LINES],
    ]);
  });

  test('is published once: the same again adds nothing', async () => {
    const before = await readFile(fixture.ledger, 'utf8');
    expect(await again()).toMatchObject({ already: true, edition: 1 });
    expect(await readFile(fixture.ledger, 'utf8')).toBe(before);
  });

  test('does not depend on the order of fields, nor on curves', async () => {
    await change(layerFileOf(KEPT), /"curve":\[[^\]]*\]/, '"curve":[]');
    await change(layerFileOf(KEPT), /^\{"id":"channel-0","arm":"basis",/, '{"arm":"basis","id":"channel-0",');
    await hold();
  });

  test.each([
    ['a score', /"score":(?=\d)/, '"score":1'],
    ['a picture', /"image":"(.{64})"/, ''],
    ['a measure', /"attainment":/, '"attainment":1'],
  ])('fails the build where %s of it is changed, naming the unit and what to do', async (_, from, to) => {
    if (to === '') {
      const lines = (await readFile(join(fixture.store, layerFileOf(KEPT)), 'utf8')).split('\n');
      const [, other = ''] = /"image":"(.{64})"/.exec(lines[1] ?? '') ?? [];
      await change(layerFileOf(KEPT), from, `"image":"${other}"`);
    } else await change(layerFileOf(KEPT), from, to);
    await expect(hold()).rejects.toThrow(
      `expected an edition that stays as it was published for the site, received "1 address with another content"\n${KEPT}channel-0/\nRestore the atlas, or publish what is there as the next edition: npx atlas publish fixture-net --edition 2`,
    );
    await expect(again()).rejects.toThrow(/for edition 1, received "1 that differ"\n.*channel-0.* --edition 2/);
    expect(await checkEditions(fixture.store, fixture.ledger)).toEqual([
      { file: 'atlas.json', problem: `edition 1 is published, and differs at ${KEPT}channel-0/`, repair: REPAIR.edition },
    ]);
    expect(await again(2)).toMatchObject({ already: false, edition: 2 });
    await hold();
  });

  test('fails the build where its frozen files are touched or gone', async () => {
    await change('editions/1/layers/expanded-conv-depthwise.jsonl', /"score":(?=\d)/, '"score":1');
    await expect(hold()).rejects.toThrow(
      `"1 address with another content"\n${KEPT}channel-0/edition-1/\nRestore the files under editions/`,
    );
    expect(await checkEditions(fixture.store, fixture.ledger)).toEqual([
      {
        file: 'editions/1/layers/expanded-conv-depthwise.jsonl',
        problem: `is not what was published: ${KEPT}channel-0/`,
        repair: REPAIR.restore,
      },
    ]);
  });

  test('fails the build where an address vanishes, with the first ten and the count', async () => {
    await changeAtlas(fixture);
    const gone = 2 + 5 + 6;
    await expect(hold()).rejects.toThrow(
      new RegExp(`received "${gone} addresses without one"\n${DROPPED}, .* and ${gone - 10} more\n.*npx atlas retire ADDRESS`),
    );
    await expect(again()).rejects.toThrow(`received "${gone} gone"\n${DROPPED}, `);
    expect(await readLedger(fixture.ledger)).toHaveLength(LINES);
  });

  test('keeps its pictures when a later run clears away what it does not name', async () => {
    const store = await Store.open(fixture.store);
    await store.prune(new Map());
    const { findings } = await verifyStore(fixture.store);
    expect(findings.filter(({ file }) => file.startsWith('images/'))).toEqual([]);
    // Read by other means than the store's own: every picture that a frozen file names, diverse ones among them.
    const files = await glob(join(fixture.store, 'editions/1/layers/*.jsonl'));
    const named = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).flatMap((text) => [
      ...text.matchAll(/"image":"([0-9a-f]{64})"/g),
    ]);
    expect(named.length).toBeGreaterThan(10);
    for (const [, image = ''] of named) expect(existsSync(imageFile(fixture.store, image)), image).toBe(true);
  });

  test('is in the way of nobody whose atlas was never published', async () => {
    expect(
      (await readPublished(await readAtlases(fixture.atlases), join(fixture.atlases, 'none.jsonl'), fixture.atlases)).ledger.size,
    ).toBe(0);
  });
});

describe('a second edition', () => {
  beforeEach(() => makeSecondEdition(fixture));

  test('leaves no address without an answer, and the first edition as it was', async () => {
    const { editions, ledger } = await hold();
    expect(editions.get('fixture-net')?.map(({ edition }) => edition)).toEqual([1, 2]);
    expect(ledger.get(`${DROPPED}channel-0/`)?.retired).toMatchObject({ status: 'tombstone', to: KEPT });
    expect(ledger.get(`${RENAMED}channel-0/`)?.retired).toMatchObject({ status: 'redirect', to: `${NEW_NAME}channel-0/`, why: HOSTILE });
    expect(await checkEditions(fixture.store, fixture.ledger)).toEqual([]);
  });

  test('tells what it changed', async () => {
    const { editions, ledger } = await hold();
    const [before, after] = editions.get('fixture-net') ?? [];
    if (!before || !after) throw new Error('Two editions were published.');
    // All but the unit with a new picture have the figures that they had, less the concepts of the comparison that was taken away.
    expect(editionChanges(before, after, ledger)).toMatchObject({ added: 0, removed: 5, renamed: 6, rerendered: 1 });
  });

  test('may be followed by another name: the chain leads to its end', async () => {
    await change('atlas.json', /expanded-conv-6-out/g, 'last');
    await writeFile(join(fixture.store, 'layers', 'last.jsonl'), await readFile(join(fixture.store, layerFileOf(NEW_NAME))));
    await retire({ ...fixture, today: '2026-07-08', address: NEW_NAME, to: 'fixture-net/last', why: 'Shorter.' });
    const found = await resolveAddress(`/some/base/${RENAMED}channel-1/`, fixture.atlases, fixture.ledger);
    expect(found).toMatchObject({
      status: 'redirect',
      address: 'fixture-net/last/channel-1/',
      chain: [`${RENAMED}channel-1/`, `${NEW_NAME}channel-1/`, 'fixture-net/last/channel-1/'],
      when: '2026-03-04',
    });
  });
});

test('an atlas that is given up keeps its editions; its addresses have tombstones', async () => {
  await rm(join(fixture.store, 'atlas.json'));
  await expect(hold()).rejects.toThrow(`${LINES} addresses without one`);
  expect(await retire({ ...fixture, today: '2026-03-04', address: 'fixture-net', why: 'Superseded.' })).toEqual({
    redirects: 0,
    tombstones: LINES,
  });
  const { editions } = await hold();
  expect(editions.get('fixture-net')?.[0]?.store.layers.map(({ units }) => units.length)).toEqual([5, 5, 6]);
});

test('a redirect whose target is taken away before it was published fails the build', async () => {
  await makeSecondEdition(fixture);
  const lines = (await readFile(fixture.ledger, 'utf8')).split('\n').filter((line) => !line.includes(`"address":"${NEW_NAME}`));
  await writeFile(fixture.ledger, withoutDigests(lines.join('\n')).replaceAll('"edition":2', '"edition":3'));
  await change('atlas.json', /expanded-conv-6-out/g, 'elsewhere');
  await expect(hold()).rejects.toThrow(/editions\/3\/atlas.json|lead nowhere/);
});

describe('atlas retire refuses', () => {
  const attempt = (request: { address: string; to?: string; why?: string }) =>
    retire({ ...fixture, today: '2026-03-04', why: 'Because.', ...request });

  test.each([
    ['what is still there', { address: KEPT }, 'expected an address that is there no longer'],
    ['what was never published', { address: 'fixture-net/nothing' }, 'expected an address that was published'],
    ['what cannot be an address', { address: '../x' }, 'expected an address such as net/layer/channel-42/'],
    ['a reason that moves the cursor', { address: KEPT, why: 'a\u001b[2Jb' }, 'without control characters for --why'],
  ])('%s', async (_, request, words) => {
    await expect(attempt(request)).rejects.toThrow(words);
    expect(await readLedger(fixture.ledger)).toHaveLength(LINES);
  });

  test('a target that is not there, of another kind, or that leads back', async () => {
    await changeAtlas(fixture);
    await expect(attempt({ address: DROPPED, to: 'fixture-net/nowhere' })).rejects.toThrow('expected an address of an atlas that is there');
    await expect(attempt({ address: DROPPED, to: `${KEPT}channel-0` })).rejects.toThrow('expected a unit for a unit');
    await expect(attempt({ address: DROPPED, to: DROPPED })).rejects.toThrow('expected an address that does not lead back');
  });
});

describe('atlas resolve', () => {
  const resolve = (address: string) => resolveAddress(address, fixture.atlases, fixture.ledger);

  test('knows a page, with its editions, whatever host and base stand before it', async () => {
    for (const address of [`${KEPT}channel-1`, `/${KEPT}channel-1/`, `https://example.org/some/base/${KEPT}channel-1/index.html?x#y`])
      expect(await resolve(address)).toMatchObject({
        status: 'published',
        address: `${KEPT}channel-1/`,
        editions: [{ edition: 1, when: '2026-01-02' }],
      });
  });

  test('knows an edition’s own page, and none that was not published', async () => {
    expect(await resolve(`${KEPT}channel-1/edition-1/`)).toMatchObject({
      status: 'edition',
      edition: 1,
      address: `${KEPT}channel-1/edition-1/`,
    });
    expect(await resolve(`${KEPT}channel-1/edition-2/`)).toMatchObject({ status: 'unknown' });
  });

  test('suggests the nearest for what it does not know', async () => {
    expect(await resolve('https://example.org/base/fixture-net/expanded-conv-deptwise/chanel-1/')).toMatchObject({
      status: 'unknown',
      nearest: [`${KEPT}channel-1/`],
    });
  });

  test('tells what a tombstone says', async () => {
    await makeSecondEdition(fixture);
    expect(await resolve(`${DROPPED}channel-2`)).toMatchObject({
      status: 'tombstone',
      why: 'The plan no longer has this layer.',
      when: '2026-03-04',
      instead: KEPT,
    });
    expect(await resolve(`${DROPPED}channel-2/edition-1`)).toMatchObject({ status: 'edition', editions: [{ edition: 1 }] });
  });
});

test('a damaged ledger is named by its line', async () => {
  await appendFile(fixture.ledger, '{"address":"a/b"}\n');
  await expect(readLedger(fixture.ledger)).rejects.toThrow(
    `${fixture.ledger}, line ${LINES + 1}: expected an address that was published or retired`,
  );
  await expect(hold()).rejects.toThrow(`ledger.jsonl:${LINES + 1}: expected`);
});

test('the schema of a line is published', async () => {
  expect(JSON.parse(await readFile('data/ledger.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(ledgerJsonSchema())));
});
