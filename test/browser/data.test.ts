/** The machine interface of a built site: every JSON against its published schema, every address to a file, every example run. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fastGlob from 'fast-glob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publish } from '../../generator/publish/publish.ts';
import { EXAMPLES, type Example } from '../../site/data/examples.ts';
import { LEDGER_PATH, publishedFiles, SCHEMA_NAMES, schemaPath } from '../../site/data/published-files.ts';
import { type AtlasStore, readAtlases } from '../../site/store/load-atlases.ts';
import { missing, pythonWithNumPy } from '../requires.ts';
import { makeHostile } from '../site/data/make-published.ts';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';
import { serveFolder } from './serve-folder.ts';

const run = promisify(execFile);
const BASE = '/some/base/';
let site: BuiltSite & { origin: string; close: () => Promise<void> };
let stores: AtlasStore[];
const validators = new Map<string, ValidateFunction>();

beforeAll(async () => {
  const data = temporaryFolder('data');
  await makeStore(data, { size: 32 });
  await makeStore(data, { slug: 'fixture-part', complete: false, size: 16 });
  await makeStore(data, { slug: 'fixture-older', channels: [4, 4], random: 3, subset: 2, older: true, size: 16 });
  await makeStore(data, { slug: 'fixture-hostile', channels: [8, 6, 4], random: 3, subset: 1, size: 16 });
  await makeHostile(data, 'fixture-hostile');
  await publish({ store: join(data, 'fixture-older'), ledger: join(data, 'ledger.jsonl'), today: '2026-01-02' });
  stores = await readAtlases(data);
  const built = await buildSite(data, { base: BASE });
  site = { ...built, ...(await serveFolder(built.dist, BASE)) };
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, formats: { date: true, 'date-time': true } });
  for (const name of SCHEMA_NAMES) {
    const schema = JSON.parse(await readFile(join(site.dist, schemaPath(name)), 'utf8'));
    expect(schema.$id).toBe(BASE + schemaPath(name));
    validators.set(name, ajv.compile({ ...schema, $id: `https://atlas.example${schema.$id}` }));
  }
}, 300_000);

afterAll(async () => {
  await site.close();
  await rm(site.dist, { recursive: true });
});

const find = (pattern: string) => fastGlob(pattern, { cwd: site.dist });
const readDist = async (file: string) => JSON.parse(await readFile(join(site.dist, file), 'utf8'));

/** What a schema finds wrong; empty where nothing is. */
function faultsOf(name: string, value: unknown): string[] {
  const validate = validators.get(name);
  if (!validate) return [`there is no schema ${name}`];
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Every address in a JSON: strings that begin at the root of the server. */
function addressesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith(BASE) && !value.includes('*') ? [value] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(addressesIn) : [];
}

describe('every published JSON is what its schema says', () => {
  test.each([
    { pattern: '*/atlas.json', schema: 'atlas', least: 4 },
    { pattern: '*/plan.json', schema: 'plan', least: 4 },
    { pattern: '*/comparison.json', schema: 'comparison', least: 3 },
    { pattern: '*/*/layer.json', schema: 'layer', least: 11 },
    { pattern: '*/*/*/unit.json', schema: 'unit', least: 150 },
  ])('$pattern', async ({ pattern, schema, least }) => {
    const files = await find(pattern);
    expect(files.length).toBeGreaterThanOrEqual(least);
    for (const file of files) {
      const value = await readDist(file);
      expect(faultsOf(schema, value), file).toEqual([]);
      if (schema !== 'comparison') expect(value.$schema).toBe(BASE + schemaPath(schema as 'unit'));
      const broken = faultsOf(schema, { ...value, [schema === 'plan' ? 'atlas' : 'schema']: 7 });
      expect(broken.length, 'a schema that finds nothing wrong with anything').toBeGreaterThan(0);
    }
  });

  test('every line of units.jsonl', async () => {
    const files = await find('*/units.jsonl');
    expect(files).toHaveLength(4);
    for (const file of files) {
      const lines = (await readFile(join(site.dist, file), 'utf8')).trim().split('\n');
      for (const line of lines) expect(faultsOf('row', JSON.parse(line)), line).toEqual([]);
    }
  });

  test('every line of the ledger', async () => {
    const lines = (await readFile(join(site.dist, LEDGER_PATH), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1 + 2 + 2 * (4 + 3));
    for (const line of lines) expect(faultsOf('ledger', JSON.parse(line)), line).toEqual([]);
    expect(faultsOf('ledger', { ...JSON.parse(lines[0] ?? ''), address: '../up/' })).not.toEqual([]);
  });

  test('a line of portraits', async () => {
    const store = stores.find(({ slug }) => slug === 'fixture-net');
    const lines = (await readFile(join(store?.folder ?? '', 'portraits/expanded-conv-3-expand.jsonl'), 'utf8')).trim().split('\n');
    for (const line of lines) expect(faultsOf('portrait', JSON.parse(line))).toEqual([]);
    expect(await readDist('fixture-net/expanded-conv-3-expand/channel-0/unit.json')).toHaveProperty('portrait.near.look');
  });
});

test('every address in every JSON leads to a file, under the base', async () => {
  const all = new Set(await find('**'));
  const broken: string[] = [];
  let seen = 0;
  for (const file of [...(await find('*/{atlas,plan}.json')), ...(await find('*/*/layer.json')), ...(await find('*/*/*/unit.json'))]) {
    for (const address of addressesIn(await readDist(file))) {
      seen++;
      const path = decodeURI(address.slice(BASE.length));
      if (!all.has(path.endsWith('/') || path === '' ? `${path}index.html` : path)) broken.push(`${file}: ${address}`);
    }
  }
  expect(broken).toEqual([]);
  expect(seen).toBeGreaterThan(3_000);
});

test('the list of files is the files that there are: none that is missing, none that it does not tell of', async () => {
  for (const store of stores) {
    const listed = publishedFiles(store);
    for (const { path, many } of listed) expect(await find(path), path).toHaveLength(many ?? 1);
    // What tells of the list is not on it, nor what only the map's script reads.
    const tellers = ['croissant.json', 'ro-crate-metadata.json', 'cite.json', 'map/units.json'].map((name) => `${store.slug}/${name}`);
    const told = new Set([...tellers, ...(await Promise.all(listed.map(({ path }) => find(path)))).flat()]);
    const found = await find(`${store.slug}/**/*.{json,jsonl,npy,parquet}`);
    expect(found.filter((file) => !told.has(file))).toEqual([]);
  }
});

test('every page and embed has sound links, and every unit has both embeds', async () => {
  expect((await checkLinks(site)).broken).toEqual([]);
  const units = stores.flatMap(({ layers }) => layers.flatMap((layer) => layer.units)).length;
  expect(await find('*/*/*/embed/index.html')).toHaveLength(units);
  expect(await find('*/*/*/embed/blind/index.html')).toHaveLength(units);
});

test('a vector alone is its row of the layer’s file, at the offset that unit.json names', async () => {
  const { direction } = await readDist('fixture-net/expanded-conv-3-expand/random-3/unit.json');
  const fetched = async (address: string) => Buffer.from(await (await fetch(site.origin + address)).arrayBuffer());
  const [all, alone] = [await fetched(direction.vector.file), await fetched(direction.vector.alone)];
  expect(direction.vector.row).toBe(3);
  expect(alone.subarray(-4 * direction.channels)).toEqual(
    all.subarray(direction.vector.offset, direction.vector.offset + 4 * direction.channels),
  );
});

describe.for([...EXAMPLES])('the example $file', (example) => {
  test('runs as the data page shows it, on the fixture', async (context) => {
    const page = await readFile(join(site.dist, 'data/index.html'), 'utf8');
    expect(page).toContain(`${example.command} ${example.file}`);
    const command = await runner(example, context);
    const atlas = `${site.origin}${BASE}fixture-net/`;
    const layer = `${atlas}expanded-conv-3-expand/`;
    const argument = { atlas, layer, unit: `${layer}random-2/` }[example.takes];
    const { stdout, stderr } = await run(command, [join('site/examples', example.file), argument]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(EXPECTED[example.file] ?? /^$/);
  });
});

/** What each prints: values that stand in the fixture. */
const EXPECTED: Record<string, RegExp> = {
  'best-units.sh': /^(?:(channel|random)-\d+\t\w+\t0\.\d+\n){10}$/,
  'one-unit.mjs':
    /^Random direction 2 of expanded-conv-3-expand, score [\d.]+\n(.*\n)*natural_2afc 0\.\d+: above \d+% of 16 channels\n(.*\n)*image\/webp, \d+ bytes\nRow 2 of frame 0/,
  'compare-arms.mjs': /^expanded-conv-depthwise basis 0\.\d{4} \(12\)\n(.*\n){4}expanded-conv-6-project random 0\.\d{4} \(12\)\n$/,
  'directions.py':
    /^12 random directions of 16 channels, lengths within \d\.\de-0[78] of one\ncorrelation of spread and recognition: [+-]0\.\d\d\n$/,
};

/** What runs an example: Node, a shell with curl and jq, a Python with NumPy. */
async function runner({ command }: Example, context: Parameters<typeof missing>[0]): Promise<string> {
  if (command === 'sh')
    await run('sh', ['-c', 'curl --version && jq --version']).catch(() =>
      missing(context, 'no curl or no jq (Debian: apt install curl jq)'),
    );
  if (command === 'python3') return pythonWithNumPy(context);
  return command === 'node' ? process.execPath : command;
}
