/** Naming a model by its contents, so that its random directions and its renders belong to these numbers and no others. */
import { createHash } from 'node:crypto';
import type { Tensor } from '../../graph/tensor.ts';
import type { FileNode } from './topology.ts';

/** Hex SHA-256 over the nodes, then over every weight as numbers (not as encoded), both in order of their names. */
export function digest(nodes: ReadonlyMap<string, FileNode>, weights: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  const byName = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { op, inputs, attributes }] of byName(nodes))
    hash.update(`${JSON.stringify([name, op, inputs, sorted(attributes)])}\n`);
  for (const [name, { dtype, shape, data }] of byName(weights)) {
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
