/** A layer of the store as the scorer needs it: directions and the pictures made of them. */
import { readFile } from 'node:fs/promises';
import type { AtlasLayer, UnitRecord } from '../../data/schema.ts';
import { float32Bytes, sha256 } from '../batch/canonical.ts';
import { layerFile, readLines } from '../batch/journal.ts';
import { directionsFile } from '../batch/store.ts';
import { AtlasError, fault, reason } from '../graph/errors.ts';

export interface StoredUnit {
  readonly record: UnitRecord;
  /** Unit vector, `[C]`. */
  readonly vector: Float32Array;
}

/** The units of a layer's arms (chosen ones are of none) in the order of its file, later lines of an unfinished journal in place of earlier ones. Throws for a store that does not fit together. */
export async function readLayer(folder: string, layer: AtlasLayer): Promise<StoredUnit[]> {
  const file = `${folder}/${layerFile(layer.slug)}`;
  const { lines } = readLines(await readBytes(file, layer.slug), file);
  const records = new Map<string, UnitRecord>();
  for (const line of lines) {
    const earlier = records.get(line.id)?.renders.filter(({ seed }) => line.renders.every((render) => render.seed !== seed)) ?? [];
    records.set(line.id, { ...line, renders: [...earlier, ...line.renders] });
  }
  const units = [...records.values()].filter(({ arm }) => arm !== 'chosen');
  const rows = units.some(({ arm }) => arm === 'random')
    ? await readBytes(`${folder}/${directionsFile(layer.slug)}`, layer.slug)
    : Buffer.alloc(0);
  return units.map((record) => ({ record, vector: vectorOf(record, layer, rows) }));
}

async function readBytes(file: string, layer: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw fault({
      where: file,
      expected: 'a file that can be read',
      name: layer,
      received: reason(cause),
      remedy: 'Render the plan first ("atlas render"), then compare.',
      cause,
    });
  });
}

/** A signed channel, or the row of its index among the random directions, whose hash the record holds. */
function vectorOf({ id, direction, index }: UnitRecord, layer: AtlasLayer, rows: Buffer): Float32Array {
  const channels = layer.shape[0];
  const vector = new Float32Array(channels);
  if (direction.kind === 'channel') {
    vector[direction.channel] = direction.sign;
    return vector;
  }
  if (direction.kind === 'chosen') throw new AtlasError(`${id}: expected a unit of an arm, received a chosen one`);
  const start = index * channels * 4;
  if (start + channels * 4 <= rows.length) for (let c = 0; c < channels; c++) vector[c] = rows.readFloatLE(start + c * 4);
  const hash = sha256(float32Bytes(vector));
  if (hash !== direction.sha256) {
    throw fault({
      where: directionsFile(layer.slug),
      expected: `the vector with hash ${direction.sha256}`,
      name: id,
      received: hash,
      remedy: 'Run the plan again: it writes the directions anew, and renders again what was made from others.',
    });
  }
  return vector;
}

/** A layer's chosen units, which no comparison changes. */
export async function chosenRecords(folder: string, layer: AtlasLayer): Promise<UnitRecord[]> {
  const file = `${folder}/${layerFile(layer.slug)}`;
  const { lines } = readLines(await readBytes(file, layer.slug), file);
  return lines.filter(({ arm }) => arm === 'chosen');
}
