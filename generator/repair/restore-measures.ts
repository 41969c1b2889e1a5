/** Measures of units that were rendered again: they stand in the comparison too, for the very pictures that it judged. */
import { readFile } from 'node:fs/promises';
import { type Atlas, measures as measuresSchema, type UnitRecord } from '../../data/schema.ts';
import type { DurableFolder } from '../batch/disk.ts';
import { layerFile, recordLines, splitLines } from '../batch/journal.ts';
import { isOf } from '../batch/verify.ts';
import { readComparison } from '../compare/comparison-file.ts';

/** Puts them back where they are gone and the comparison is of the same plan and pictures; how many units got theirs. */
export async function restoreMeasures(disk: DurableFolder, atlas: Atlas): Promise<number> {
  const comparison = await readComparison(disk.path).catch(() => undefined);
  if (!atlas.complete || comparison?.plan_sha256 !== atlas.plan_sha256) return 0;
  const judged = new Map(comparison.directions.map((direction) => [`${direction.layer} ${direction.id}`, direction]));
  let restored = 0;
  for (const { slug } of atlas.layers) {
    const file = layerFile(slug);
    const lines = splitLines(await readFile(disk.resolve(file)).catch(() => Buffer.alloc(0)));
    const sound = lines.flatMap((line) => ('record' in line ? [line.record] : []));
    // What could not be repaired is left as it is.
    if (sound.length < lines.length) continue;
    let changed = 0;
    const records = sound.map((record): UnitRecord => {
      const direction = judged.get(`${slug} ${record.id}`);
      if (record.measures || !direction?.renders || !isOf(direction, record)) return record;
      changed++;
      return { ...record, measures: measuresSchema.parse(direction.scores) };
    });
    if (changed > 0) await disk.replace(file, recordLines(records));
    restored += changed;
  }
  return restored;
}
