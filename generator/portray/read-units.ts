/** The units of a layer in the order of its file, chosen ones too, each with its direction where it has one. */
import type { AtlasLayer, ChosenUnit, UnitRecord } from '../../data/schema.ts';
import { chosenRecords, readLayer } from '../compare/read-layer.ts';
import { readArray } from '../render/array-file.ts';

/** A unit to portray. */
export interface PortrayedUnit {
  readonly record: UnitRecord;
  /** `[C]`, of length one. Missing for a unit that is of several layers, or of several directions in turn, or of a layer as a whole. */
  readonly vector?: Float32Array;
}

/** A layer with all its units. */
export interface PortrayedLayer {
  readonly layer: AtlasLayer;
  readonly units: readonly PortrayedUnit[];
}

/** Reads them. Throws for a store that does not fit together, and for a chosen direction whose file is not there. */
export async function readUnits(folder: string, layer: AtlasLayer): Promise<PortrayedLayer> {
  const chosen = (await chosenRecords(folder, layer)).map((record): PortrayedUnit => {
    const vector = record.direction.kind === 'chosen' ? chosenVector(record.direction.unit, layer) : undefined;
    return { record, ...(vector ? { vector } : {}) };
  });
  return { layer, units: [...(await readLayer(folder, layer)), ...chosen] };
}

function chosenVector(unit: ChosenUnit, { name, slug, shape: [channels] }: AtlasLayer): Float32Array | undefined {
  if ('direction' in unit) return ofLengthOne(readArray(unit.direction).data);
  if (!('joint' in unit)) return undefined;
  if (unit.joint.some(({ layer }) => layer !== undefined && layer !== name && layer !== slug)) return undefined;
  const vector = new Float32Array(channels);
  for (const { channel, weight = 1 } of unit.joint) vector[channel] += weight;
  return ofLengthOne(vector);
}

/** Nothing for a vector of zeros. */
function ofLengthOne(vector: Float32Array): Float32Array | undefined {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : undefined;
}

/** The vectors of those that have one, `[M,C]`, and which units these are, by number. */
export function stackVectors({ layer, units }: PortrayedLayer): { readonly rows: Float32Array; readonly owners: readonly number[] } {
  const owners = [...units.keys()].filter((u) => units[u].vector);
  const channels = layer.shape[0];
  const rows = new Float32Array(owners.length * channels);
  for (const [row, u] of owners.entries()) rows.set(units[u].vector ?? [], row * channels);
  return { rows, owners };
}
