/** The vectors of random directions, from the store's own file, and as `.npy`, which NumPy, R, Julia and a dozen lines of anything read. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fault } from '../store/fault.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { hasVectors, vectorFile } from './published-files.ts';

const REMEDY = 'Run "npx atlas verify" to see all that is wrong, then run the plan again or restore the file.';

/** A file of vectors: what stands before its first value, and that with the values. */
export interface VectorArray {
  /** [M,C], or [C] of one vector. */
  readonly shape: readonly number[];
  /** Float32, little-endian, row-major. */
  readonly values: Uint8Array;
}

/** Units of a layer that have a vector, and so a row of directions.npy: in the order of layer.json, which is that of their index. */
export function vectorUnits(store: AtlasStore, layer: Layer): readonly Unit[] {
  return hasVectors(store, layer) ? layer.units.filter(({ arm }) => arm === 'random') : [];
}

/** The row of directions.npy that each of them has, by its id. */
export function vectorRowsOf(store: AtlasStore, layer: Layer): ReadonlyMap<string, number> {
  return new Map(vectorUnits(store, layer).map(({ id }, row) => [id, row]));
}

/**
 * The random directions of a layer, [M,C], a row for each of {@link vectorUnits}. Throws where the store's file is too short, or holds another
 * vector than the record of a unit names.
 */
export async function readVectors(store: AtlasStore, layer: Layer): Promise<VectorArray> {
  const where = vectorFile(store, layer);
  const bytes = await readFile(where);
  const channels = layer.layer.shape[0];
  const rows = vectorUnits(store, layer).map(({ id, record: { index, direction } }) => {
    const row = bytes.subarray(index * channels * 4, (index + 1) * channels * 4);
    const found = createHash('sha256').update(row).digest('hex');
    const named = direction.kind === 'haar' ? direction.sha256 : undefined;
    if (named !== undefined && found !== named)
      throw fault({
        where,
        expected: `a vector of ${channels} values with SHA-256 ${named}`,
        name: id,
        received: row.length === channels * 4 ? found : `${row.length} bytes`,
        remedy: REMEDY,
      });
    return row;
  });
  return { shape: [rows.length, channels], values: Buffer.concat(rows) };
}

/** The array that a chosen unit's direction is from, as the plan has it. Throws where the store's copy was altered. */
export async function readChosen({ file, sha256 }: { file: string; sha256: string }, { id }: Unit): Promise<Buffer> {
  const bytes = await readFile(file);
  const received = createHash('sha256').update(bytes).digest('hex');
  if (received === sha256) return bytes;
  throw fault({ where: file, expected: `an array with SHA-256 ${sha256}`, name: id, received, remedy: REMEDY });
}

/** Bytes before the first value of a `.npy` file; a multiple of 64. */
export const npyOffset = (shape: readonly number[]) => npyHeader(shape).length;

/** A `.npy` file, version 1.0 (NumPy Enhancement Proposal 1): magic, version, length and text of the header, the values. */
export function writeNpy({ shape, values }: VectorArray): Buffer {
  return Buffer.concat([npyHeader(shape), values]);
}

function npyHeader(shape: readonly number[]): Buffer {
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${size}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', length - 1, 'latin1');
  return header;
}
