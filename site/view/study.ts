/** A study as its page has it: packed small, with no word on what any trial is about. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPLANATIONS, SESSION_CATCHES, SHARED_TRIALS, STUDY_RULES, type Study, study as studySchema } from '../../data/schema.ts';
import { fault } from '../store/fault.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { readJson } from '../store/read-json.ts';
import { atlasPath } from './address.ts';

/** Digits of the SHA-256 in a picture's name: 64 bits, enough within one study. */
const DIGITS = 16;

/** What the page's script is told. Pictures stand beside the page, as `<name>.webp`. */
export interface PackedStudy {
  readonly atlas: string;
  readonly study_sha256: string;
  readonly key_sha256: string;
  readonly kinds: readonly string[];
  readonly pictures: readonly string[];
  /** Id, kind, pictures that explain, left and right query; numbers count `kinds` and `pictures`. */
  readonly trials: readonly (readonly [string, number, readonly number[], number, number])[];
  /** Trials of each session, counting `trials`, in the order shown. */
  readonly sessions: readonly (readonly number[])[];
}

/** A store with a study. */
export interface StudyStore {
  readonly store: AtlasStore;
  readonly study: Study;
  readonly packed: PackedStudy;
}

/** The address of the page. */
export const studyPath = (store: Pick<AtlasStore, 'slug'>) => `${atlasPath(store)}study/`;

/** Whether an atlas has a study. */
export const hasStudy = ({ folder }: Pick<AtlasStore, 'folder'>) => existsSync(join(folder, 'study.json'));

/** The address of the released key. */
export const keyPath = (store: Pick<AtlasStore, 'slug'>) => `${studyPath(store)}key.json`;

/** A key that was released: where it lies in the store, and the SHA-256 that its study was published with. */
export interface ReleasedKey {
  readonly file: string;
  readonly sha256: string;
}

/** The released key of a store, where there is one. Throws where it is not the one that the study was published with. */
export async function releasedKey(store: Pick<AtlasStore, 'folder'>): Promise<ReleasedKey | undefined> {
  const file = join(store.folder, 'released-key.json');
  if (!hasStudy(store) || !existsSync(file)) return undefined;
  const { key_sha256: sha256 } = await readJson(join(store.folder, 'study.json'), studySchema);
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  if (found === sha256) return { file, sha256 };
  throw fault({
    where: file,
    expected: `the SHA-256 ${sha256}, as study.json has it,`,
    name: 'the released key',
    received: found,
    remedy: 'Release it again with "npx atlas study --release-key", or remove the file.',
  });
}

/** The stores that have a study, with it. Throws for a file that is none. */
export async function withStudies(stores: readonly AtlasStore[]): Promise<StudyStore[]> {
  return Promise.all(
    stores.filter(hasStudy).map(async (store) => {
      const file = join(store.folder, 'study.json');
      const study = await readJson(file, studySchema);
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      return { store, study, packed: packStudy(study, sha256) };
    }),
  );
}

/** The study with every hash said once. */
export function packStudy(study: Study, sha256: string): PackedStudy {
  const hashes = [...new Set(study.trials.flatMap(({ explanation, queries }) => [...explanation, ...queries]))].sort();
  const at = new Map(hashes.map((hash, i) => [hash, i]));
  const place = (hash: string) => at.get(hash) ?? 0;
  const trialAt = new Map(study.trials.map(({ id }, i) => [id, i]));
  return {
    atlas: study.atlas,
    study_sha256: sha256,
    key_sha256: study.key_sha256,
    kinds: EXPLANATIONS,
    pictures: hashes.map((hash) => hash.slice(0, DIGITS)),
    trials: study.trials.map(({ id, kind, explanation, queries: [left, right] }) => [
      id,
      EXPLANATIONS.indexOf(kind),
      explanation.map(place),
      place(left),
      place(right),
    ]),
    sessions: study.sessions.map((session) => session.flatMap((id) => trialAt.get(id) ?? [])),
  };
}

/** The picture files of a study: name under the page, and source. */
export function studyPictures({ store, study, packed }: StudyStore): { name: string; file: string }[] {
  const hashes = new Set(study.trials.flatMap(({ explanation, queries }) => [...explanation, ...queries]));
  const byName = new Map([...hashes].map((hash) => [hash.slice(0, DIGITS), hash]));
  return packed.pictures.map((name) => ({ name, file: join(store.folder, 'study', `${byName.get(name)}.webp`) }));
}

/** What the instructions say of a sitting. */
export function describeSitting({ sessions }: Study) {
  const questions = Math.max(...sessions.map((session) => session.length));
  const [least, most] = STUDY_RULES.seconds;
  return {
    questions,
    sessions: sessions.length,
    /** At six to eighteen seconds a question. */
    minutes: `${Math.ceil(questions / 10)} to ${Math.ceil(questions / 3.3)} minutes`,
    catches: SESSION_CATCHES,
    shared: SHARED_TRIALS,
    /** Of the catch trials, how many may be missed. */
    missable: Math.floor(SESSION_CATCHES * (1 - STUDY_RULES.catch_accuracy) + 1e-9),
    least,
    most: most.toLocaleString('en'),
  };
}
