/** The arm `file`: directions of the reader's own, such as probes or the features of a sparse autoencoder. */
import { fault } from '../../graph/errors.ts';
import { parseNpyNumbers } from '../../graph/npy.ts';
import { readArrayBytes } from '../../render/array-file.ts';
import type { LayerInput } from './layer-input.ts';
import { euclidean, type NamedDirection, nameDirection } from './named-direction.ts';

/**
 * The first `count` rows of the layer's `.npy` file, `[M,C]` or one `[C]`, float32 or float64, each made a unit vector; `file-7` is row 7. Throws
 * if it cannot be read, has another shape, or a row (any row: a file is right or wrong as a whole) is zero or not finite.
 */
export function fromFile(layer: LayerInput, count: number): NamedDirection[] {
  const { file, channels } = layer;
  if (file === undefined)
    throw fault({
      where: layer.layerName,
      expected: 'an .npy file of directions',
      name: 'the arm file',
      received: undefined,
      remedy: 'Name the file, or leave the arm out.',
      exitCode: 2,
    });
  const rows = readRows(file, channels);
  return rows.slice(0, count).map((row, index) => nameDirection(`file-${index}`, 'file', index, row));
}

function readRows(file: string, channels: number): Float64Array[] {
  const { shape, data } = parseNpyNumbers(readArrayBytes(file, 'the directions', 'an .npy file'), file);
  const remedy = `Save one row of ${channels} numbers a direction: they are over the channels of the layer.`;
  if (shape.length < 1 || shape.length > 2 || shape[shape.length - 1] !== channels || data.length === 0)
    throw fault({
      where: file,
      expected: `shape [M,${channels}] or [${channels}]`,
      name: 'the array',
      received: shape,
      remedy,
      exitCode: 2,
    });
  return Array.from({ length: data.length / channels }, (_, i) => {
    const row = Float64Array.from(data.subarray(i * channels, (i + 1) * channels));
    const bad = wrongIn(row);
    if (bad === undefined) return row;
    throw fault({ where: file, expected: 'finite numbers, not all zero', name: `row ${i}`, received: bad, remedy, exitCode: 2 });
  });
}

/** What is wrong with a row, in words: `NaN in channel 3`. */
function wrongIn(row: Float64Array): string | undefined {
  const at = row.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) return `${row[at]} in channel ${at}`;
  return euclidean(row) === 0 ? 'zeros' : undefined;
}
