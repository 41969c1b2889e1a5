/** Making a study: study.json and its pictures for everybody, study-key.json for later. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { EXPLANATIONS, type Study, type StudyKey, seal, studyKey as studyKeySchema, study as studySchema } from '../../../data/schema.ts';
import { sha256 } from '../../batch/canonical.ts';
import { DurableFolder } from '../../batch/disk.ts';
import { fault } from '../../graph/errors.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { RandomStream } from '../../render/random.ts';
import { drawSessions, type Question } from './draw-sessions.ts';
import { writeStudyPictures } from './study-pictures.ts';
import { type DraftTrial, draftTrial, isExplainable, type StudyCandidate, type StudyDirection, sourceName, trialName } from './trial.ts';

/** The trials, inside a store. */
export const STUDY_FILE = 'study.json';
/** The key, inside a store; to be kept from raters until the ratings are in. */
export const STUDY_KEY_FILE = 'study-key.json';

export interface StudyRequest {
  /** The store, which holds the renders. */
  readonly folder: string;
  /** The atlas's slug. */
  readonly atlas: string;
  /** Every direction that may be asked about, of the arms to compare; those without enough pictures are left out. */
  readonly directions: readonly StudyDirection[];
  /** Slugs of the layers to ask about; all if left out. */
  readonly layers?: readonly string[];
  /** The images that `top` and `middle` count. */
  readonly images: Pick<ImageSet, 'picture'>;
  readonly seed: number;
  /** Sittings to prepare; 12 unless told. */
  readonly sessions?: number;
  /** Renders that explain a direction, 1 to 9; 3 unless told. The same for all, since their number would tell arms apart. */
  readonly renders?: number;
  /** 64 hexadecimal digits; drawn from the system unless told, as it must be where anybody is to be kept from guessing. */
  readonly nonce?: string;
  /** ISO 8601; now unless told. */
  readonly created?: string;
  /** Told how many of the pictures are written. */
  readonly onProgress?: (state: { done: number; total: number }) => void;
}

/**
 * Draws the trials, writes their pictures, the key, and last the study, which is what the site goes by. The same request with the same nonce
 * gives the same files. Throws where the store has a study already (its raters' answers would be lost), or has too few directions.
 */
export async function makeStudy(request: StudyRequest): Promise<{ study: Study; key: StudyKey }> {
  const { atlas, seed, images, nonce = randomBytes(32).toString('hex'), created = new Date().toISOString() } = request;
  const folder = new DurableFolder(request.folder);
  refuseSecond(folder);
  const { drafts, shared, sessions } = draftStudy(request, nonce);
  const hashes = await writeStudyPictures(
    folder,
    drafts.flatMap(({ explanation, queries }) => [...explanation, ...queries]),
    images,
    request.onProgress,
  );
  const hashOf = (name: string): string => hashes.get(name) ?? '';
  const named = drafts.map((draft) => ({
    draft,
    explanation: draft.explanation.map(sourceName),
    queries: [sourceName(draft.queries[0]), sourceName(draft.queries[1])] as [string, string],
  }));
  const key = studyKeySchema.parse({
    schema: 'basis-study-key/1',
    atlas,
    seed,
    nonce,
    trials: named.map(({ draft: { id, question, caught, answer }, explanation, queries }) => {
      const { layer, id: direction, arm } = question.candidate;
      return { id, layer, direction, arm, kind: question.kind, answer, catch: caught, shared: shared.has(id), explanation, queries };
    }),
  });
  const keyText = `${JSON.stringify(key, null, 1)}\n`;
  const study = studySchema.parse({
    schema: 'basis-study/1',
    atlas,
    created,
    seed,
    key_sha256: sha256(keyText),
    trials: named.map(({ draft: { id, question }, explanation, queries }) => ({
      id,
      kind: question.kind,
      explanation: explanation.map(hashOf),
      queries: queries.map(hashOf),
    })),
    sessions,
  });
  await folder.replace(STUDY_KEY_FILE, keyText);
  await folder.replace(STUDY_FILE, seal(`${JSON.stringify(study)}\n`));
  return { study, key };
}

interface Drafts {
  /** By id. */
  readonly drafts: readonly DraftTrial[];
  /** Ids of the trials that every sitting has. */
  readonly shared: ReadonlySet<string>;
  /** The ids of every sitting, in the order shown. */
  readonly sessions: readonly (readonly string[])[];
}

/** Every draw is named by the nonce: who knows the seed and this code alone can tell neither sides nor directions. */
function draftStudy({ seed, sessions = 12, renders = 3, directions, layers }: StudyRequest, nonce: string): Drafts {
  const candidates: StudyCandidate[] = directions
    .filter(({ layer }) => !layers || layers.includes(layer))
    .map((direction) => {
      const { id, layer, arm } = direction;
      return { id, layer, arm, kinds: EXPLANATIONS.filter((kind) => isExplainable(direction, kind, renders)), direction };
    });
  if (!candidates.some(({ kinds }) => kinds.length > 0)) throw nothingToAsk(candidates.length, renders);
  const drawn = drawSessions(candidates, { sessions, stream: new RandomStream(seed, nonce, 'study', 'sessions') });
  const trials = new Map<string, DraftTrial>();
  const draft = (question: Question<StudyCandidate>, again: string): string => {
    const { layer, id: direction } = question.candidate;
    const id = trialName({ nonce, seed, layer, direction, kind: question.kind, again });
    const stream = new RandomStream(seed, nonce, 'study', id);
    if (!trials.has(id)) trials.set(id, draftTrial(question, { id, caught: again !== '', renders, stream }));
    return id;
  };
  const shared = drawn.shared.map((question) => draft(question, ''));
  const order = new RandomStream(seed, nonce, 'study', 'order');
  const sittings = drawn.own.map((own, i) => {
    const ids = [...shared, ...own.map((one) => draft(one, '')), ...drawn.catches[i].map((one) => draft(one, `catch ${i}`))];
    return [...order.permutation(ids.length)].map((at) => ids[at]);
  });
  return { drafts: [...trials.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), shared: new Set(shared), sessions: sittings };
}

function refuseSecond(folder: DurableFolder): void {
  for (const name of [STUDY_FILE, STUDY_KEY_FILE])
    if (existsSync(folder.resolve(name)))
      throw fault({
        where: folder.path,
        expected: 'a store without a study',
        name,
        received: 'a file that is there already',
        remedy: 'Answers to a study can only be read with its own key: keep both files, or remove both to begin another study.',
      });
}

function nothingToAsk(directions: number, renders: number): Error {
  return fault({
    where: 'the study',
    expected: `directions with ${renders} renders, or 18 top images, and an image of the middle band`,
    name: 'the directions to ask about',
    received: `${directions} without`,
    remedy: 'Compare the atlas with images, and render more than one seed, before making a study of it.',
  });
}
