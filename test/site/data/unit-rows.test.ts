/** The rows of all units: as JSON lines and as Parquet, read back by two readers of different origin. */
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { readParquet, writeParquet as writeAgain } from 'parquet-wasm';
import { beforeAll, expect, test } from 'vitest';
import { type PublishedRow, publishedRow } from '../../../data/schema.ts';
import { unitRows, writeJsonLines, writeParquet } from '../../../site/data/unit-rows.ts';
import type { AtlasStore } from '../../../site/store/load-atlases.ts';
import { temporaryFolder } from '../../temporary.ts';
import { HOSTILE, makeHostile, readFirst, smallStore } from './make-published.ts';

let store: AtlasStore;
let hostile: AtlasStore;
let rows: PublishedRow[];

beforeAll(async () => {
  store = await smallStore(temporaryFolder('rows'));
  rows = [...unitRows(store)];
  const folder = temporaryFolder('hostile-rows');
  await smallStore(folder);
  await makeHostile(folder, 'fixture-net');
  hostile = await readFirst(folder);
});

const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
const read = (bytes: Uint8Array) => parquetReadObjects({ file: bufferOf(bytes) });

test('a row has the values that the store has, in the order of the layers and their units', () => {
  expect(rows.map(({ layer, unit }) => `${layer} ${unit}`)).toEqual(
    store.layers.flatMap(({ slug, units }) => units.map(({ id }) => `${slug} ${id}`)),
  );
  const [first, unit] = [rows[0], store.layers[0]?.units[0]];
  expect(first).toMatchObject({
    ...unit?.measures,
    score: unit?.render?.score,
    image_sha256: unit?.render?.image,
    channel: 0,
    sign: 1,
    frame: null,
  });
  const random = rows.find((row) => row.unit === 'random-3');
  expect(random).toMatchObject({ direction: 'haar', frame: 0, frame_row: 3, vector_row: 3, channel: null, arm: 'random' });
});

test('a JSON line for each, as the schema has it, with every field', () => {
  const lines = writeJsonLines(store)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map((line) => publishedRow.strict().parse(line))).toEqual(rows);
  for (const line of lines) expect(Object.keys(line)).toEqual(Object.keys(publishedRow.shape));
});

test('no name breaks a JSON line, for readers that split at any separator of lines', () => {
  const lines = writeJsonLines(hostile)
    .split(/[\n\r\v\f\u0085\u2028\u2029]/)
    .filter(Boolean);
  expect(lines).toHaveLength(rows.length);
  expect(JSON.parse(lines[0] ?? '').concept).toBe(HOSTILE.script + HOSTILE.breaks);
});

test('Parquet holds the same rows, hostile names too', async () => {
  expect(await read(writeParquet(store))).toEqual(rows);
  expect(await read(writeParquet(hostile))).toEqual([...unitRows(hostile)]);
});

test('a reader that shares nothing with the writer finds the same rows: read by arrow-rs, written by it, compared', async () => {
  const table = readParquet(writeParquet(hostile));
  expect(await read(writeAgain(table))).toEqual([...unitRows(hostile)]);
});

test('columns have the types of what they hold, and allow null only where a field may be missing', () => {
  const { children } = parquetSchema(parquetMetadata(bufferOf(writeParquet(store))));
  const types = Object.fromEntries(
    children.map(({ element }) => [element.name, `${element.converted_type ?? element.type} ${element.repetition_type}`]),
  );
  expect(Object.keys(types)).toEqual(Object.keys(publishedRow.shape));
  expect(types).toMatchObject({
    ...{ atlas: 'UTF8 REQUIRED', arm: 'UTF8 REQUIRED', state: 'UTF8 REQUIRED', index: 'INT32 REQUIRED', renders: 'INT32 REQUIRED' },
    ...{ score: 'DOUBLE OPTIONAL', natural_2afc: 'DOUBLE OPTIONAL', kurtosis: 'DOUBLE OPTIONAL', concept: 'UTF8 OPTIONAL' },
    ...{ channel: 'INT32 OPTIONAL', sign: 'INT32 OPTIONAL', vector_row: 'INT32 OPTIONAL', image: 'UTF8 OPTIONAL' },
  });
  for (const [name, type] of Object.entries(types))
    expect(`${name} ${type.endsWith('OPTIONAL')}`).toBe(
      `${name} ${publishedRow.shape[name as keyof PublishedRow].safeParse(null).success}`,
    );
});

test('the same store gives the same bytes, and a hundred thousand units come in groups that a reader can hold', () => {
  expect(writeParquet(store)).toEqual(writeParquet(store));
  const [layer] = store.layers;
  if (!layer) throw new Error('The fixture has no layer.');
  const units = Array.from({ length: 100_000 }, (_, i) => layer.units[i % layer.units.length] ?? layer.units[0]).flatMap(
    (unit) => unit ?? [],
  );
  const { row_groups, num_rows } = parquetMetadata(bufferOf(writeParquet({ ...store, layers: [{ ...layer, units }] })));
  expect(num_rows).toBe(100_000n);
  expect(row_groups.length).toBe(7);
  for (const group of row_groups) expect(Number(group.num_rows)).toBeLessThanOrEqual(16_384);
});

test('an atlas in which nothing is measured or rendered has the same columns', async () => {
  const bare: AtlasStore = {
    ...store,
    layers: store.layers.map((layer) => ({
      ...layer,
      units: layer.units.map(({ id, arm, record }) => ({
        ...{ id, arm, state: 'missing' as const },
        record: { ...record, renders: [] },
        measures: { attainment: null, exceeds: null, robustness: null, render_identity: null },
      })),
    })),
  };
  const found = await read(writeParquet(bare));
  expect(found).toEqual([...unitRows(bare)]);
  expect(Object.keys(found[0] ?? {})).toEqual(Object.keys(publishedRow.shape));
});
