/** Checking a study against itself: every picture, the key, and nothing beside them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { human as humanSchema, parseSealed, type Study, studyKey as studyKeySchema, study as studySchema } from '../../../data/schema.ts';
import { sha256 } from '../../batch/canonical.ts';
import { TEMPORARY } from '../../batch/disk.ts';
import { type Finding, REPAIR } from '../../batch/finding.ts';
import { reason } from '../../graph/errors.ts';
import { HUMAN_FILE } from './import-ratings.ts';
import { STUDY_FILE, STUDY_KEY_FILE } from './make-study.ts';
import { RELEASED_KEY_FILE } from './release-key.ts';
import { studyPictureFile } from './study-pictures.ts';

/** What is wrong with the study of a store, relative to it; nothing where there is no study. The key may be missing: it is kept elsewhere until it is released. */
export async function checkStudy(folder: string): Promise<Finding[]> {
  const read = (file: string): Promise<Buffer | undefined> => readFile(path.join(folder, file)).catch(() => undefined);
  const bytes = await read(STUDY_FILE);
  const there = (await glob('study/**/*', { cwd: folder, dot: true })).filter((file) => !file.endsWith(TEMPORARY)).sort();
  const { restore: repair } = REPAIR;
  if (!bytes) return there.length > 0 ? [{ file: STUDY_FILE, problem: 'is missing, though there are pictures of a study', repair }] : [];
  const study = parseStudy(bytes.toString());
  if (typeof study === 'string') return [{ file: STUDY_FILE, problem: study, repair }];
  const findings: Finding[] = [];
  const trials = new Set(study.trials.map(({ id }) => id));
  if (study.sessions.some((session) => session.some((id) => !trials.has(id))))
    findings.push({ file: STUDY_FILE, problem: 'a session names a trial that is not there', repair });
  for (const file of [STUDY_KEY_FILE, RELEASED_KEY_FILE]) {
    const key = await read(file);
    if (key && sha256(key) !== study.key_sha256)
      findings.push({ file, problem: 'is not the key that study.json was published with', repair });
    else if (key && !studyKeySchema.safeParse(JSON.parse(key.toString())).success) findings.push({ file, problem: 'is no key', repair });
  }
  const named = new Set(study.trials.flatMap(({ explanation, queries }) => [...explanation, ...queries]));
  for (const hash of named) {
    const file = studyPictureFile(hash);
    const picture = await read(file);
    if (!picture) findings.push({ file, problem: 'is missing, though a trial shows it', repair });
    else if (sha256(picture) !== hash) findings.push({ file, problem: `was altered: its hash is ${sha256(picture)}`, repair });
  }
  const files = new Set([...named].map(studyPictureFile));
  for (const file of there) if (!files.has(file)) findings.push({ file, problem: 'is shown by no trial', repair: REPAIR.remove });
  findings.push(...(await checkHuman(folder)));
  return findings;
}

/** What people said is what was written. */
async function checkHuman(folder: string): Promise<Finding[]> {
  const text = await readFile(path.join(folder, HUMAN_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  try {
    humanSchema.parse(parseSealed(text, humanSchema));
    return [];
  } catch (error) {
    return [{ file: HUMAN_FILE, problem: reason(error), repair: REPAIR.ratings }];
  }
}

/** The study, or what is wrong with it. */
function parseStudy(text: string): Study | string {
  try {
    const parsed = studySchema.safeParse(parseSealed(text, studySchema));
    return parsed.success ? parsed.data : `${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}`;
  } catch (error) {
    return reason(error);
  }
}
