/** Checking the evidence of a comparison against its own index: every part is what was written, and nothing lies beside them. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { sha256 } from '../../batch/canonical.ts';
import { TEMPORARY } from '../../batch/disk.ts';
import { type Finding, REPAIR } from '../../batch/finding.ts';
import { reason } from '../../graph/errors.ts';
import { EVIDENCE, INDEX, readIndex } from './parts.ts';

/** What is wrong; nothing where there is no evidence, as in a store that was published. */
export async function checkEvidenceIndex(folder: string): Promise<Finding[]> {
  const there = await glob(`${EVIDENCE}/**/*`, { cwd: folder, dot: true, ignore: [`**/*${TEMPORARY}`] });
  if (there.length === 0) return [];
  const findings: Finding[] = [];
  const add = (file: string, problem: string, repair: string = REPAIR.compare) => findings.push({ file, problem, repair });
  const file = `${EVIDENCE}/${INDEX}`;
  const parts = await readIndex(folder).catch((error: unknown) => {
    add(file, reason(error));
    return undefined;
  });
  if (!parts) return findings;
  const named = new Set([file]);
  for (const part of Object.values(parts)) {
    const path = `${EVIDENCE}/${part.file}`;
    named.add(path);
    const bytes = await readFile(`${folder}/${path}`).catch(() => undefined);
    if (!bytes) add(path, `is missing, though ${file} names it`);
    else if (sha256(bytes) !== part.sha256) add(path, `was altered: its hash is ${sha256(bytes)}`);
  }
  for (const one of there.sort()) if (!named.has(one)) add(one, `is not named by ${file}`, REPAIR.remove);
  return findings;
}
