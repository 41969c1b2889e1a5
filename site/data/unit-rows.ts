/** All units of an atlas as rows: for units.jsonl and units.parquet, which hold the same. */
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import type { PublishedRow } from '../../data/schema.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { imageAddress, MEASURES, unitAddresses } from './facts.ts';
import { vectorRowsOf } from './vectors.ts';

/** Rows of a row group: what a reader has to hold at once, a few megabytes. */
const ROW_GROUP = 16_384;

/** The columns in the order of the schema `row`, with their Parquet types, and `?` where null is allowed. */
const COLUMNS = {
  ...{
    atlas: 'STRING',
    edition: 'INT32',
    layer: 'STRING',
    unit: 'STRING',
    arm: 'STRING',
    index: 'INT32',
    address: 'STRING',
    json: 'STRING',
  },
  ...{ image: 'STRING?', image_sha256: 'STRING?', seed: 'INT32?', state: 'STRING', score: 'DOUBLE?', renders: 'INT32' },
  ...(Object.fromEntries(MEASURES.map((name) => [name, 'DOUBLE?'])) as Record<(typeof MEASURES)[number], 'DOUBLE?'>),
  ...{ concept: 'STRING?', direction: 'STRING', channel: 'INT32?', sign: 'INT32?', frame: 'INT32?', frame_row: 'INT32?' },
  ...{ direction_sha256: 'STRING?', vector_row: 'INT32?' },
} as const satisfies Record<keyof PublishedRow, string>;

/** A row a unit, layers from shallow to deep, each arm in turn, by index; made one by one, since all of them together are more than what they are made of. */
export function* unitRows(store: AtlasStore): Generator<PublishedRow> {
  for (const layer of store.layers) {
    const vectorRows = vectorRowsOf(store, layer);
    for (const unit of layer.units) yield describeRow(store, layer, unit, vectorRows.get(unit.id) ?? null);
  }
}

function describeRow(store: AtlasStore, layer: Layer, unit: Unit, vector_row: number | null): PublishedRow {
  const { record, render, measures } = unit;
  const { direction } = record;
  const [channel, haar] = [direction.kind === 'channel' ? direction : null, direction.kind === 'haar' ? direction : null];
  const { address, json } = unitAddresses(store, layer, unit);
  const values = Object.fromEntries(MEASURES.map((name) => [name, measures[name] ?? null]));
  return {
    ...{ atlas: store.slug, edition: store.atlas.edition, layer: layer.slug, unit: unit.id, arm: unit.arm, index: record.index },
    ...{ address, json, image: imageAddress(unit), image_sha256: render?.image ?? null, seed: render?.seed ?? null },
    ...{ state: unit.state, score: render?.score ?? null, renders: record.renders.length },
    ...(values as Record<(typeof MEASURES)[number], number | null>),
    ...{ concept: unit.concept ?? null, direction: direction.kind, channel: channel?.channel ?? null, sign: channel?.sign ?? null },
    ...{ frame: haar?.frame ?? null, frame_row: haar?.row ?? null, direction_sha256: haar?.sha256 ?? null, vector_row },
  };
}

/** The rows as JSON lines. Line separators that some readers split at are escaped, so that a row is one line for all of them. */
export function writeJsonLines(store: AtlasStore): string {
  const escapeBreaks = (text: string) =>
    text.replace(/[\u0085\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  let lines = '';
  for (const row of unitRows(store)) lines += `${escapeBreaks(JSON.stringify(row))}\n`;
  return lines;
}

/** The rows as Parquet, compressed with Snappy; what the file is stands in its metadata. */
export function writeParquet(store: AtlasStore): Uint8Array {
  const names = Object.keys(COLUMNS) as (keyof PublishedRow)[];
  const columns = names.map((name) => ({ name, data: [] as unknown[] }));
  for (const row of unitRows(store)) for (const { name, data } of columns) data.push(row[name]);
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    columnData: columns.map(({ name, data }) => ({
      name,
      data,
      type: COLUMNS[name].replace('?', '') as 'STRING' | 'INT32' | 'DOUBLE',
      nullable: COLUMNS[name].endsWith('?'),
    })),
    rowGroupSize: ROW_GROUP,
    kvMetadata: [
      { key: 'atlas', value: fullAddress(atlasPath(store)) },
      { key: 'plan_sha256', value: store.atlas.plan_sha256 },
      { key: 'weights_sha256', value: store.atlas.model.weights_sha256 },
    ],
    createdBy: `Basis Atlas ${store.atlas.software.atlas}`,
  });
  return new Uint8Array(writer.getBuffer());
}
