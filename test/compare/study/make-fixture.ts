/** A store with a study: the fixture store's renders, generated images, and a made-up ranking of them for every direction. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Study, type StudyKey, unitRecord } from '../../../data/schema.ts';
import { makeStudy, type StudyRequest } from '../../../generator/compare/study/make-study.ts';
import type { StudyDirection } from '../../../generator/compare/study/trial.ts';
import type { Picture } from '../../../generator/measure/picture.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { makePicture } from '../../site/make-picture.ts';
import { makeStore } from '../../site/make-store.ts';

/** Images of the set that directions rank. */
const IMAGES = 120;
export const LAYERS = ['expanded-conv-depthwise', 'expanded-conv-3-expand'] as const;
export const NONCE = 'a'.repeat(64);

export interface StudyFixture {
  folder: string;
  directions: StudyDirection[];
  study: Study;
  key: StudyKey;
}

/** Writes `folder`/fixture-net with 24 channels and 24 random directions in each of two layers, three renders each. */
export async function makeStudyStore(folder: string, size = 32): Promise<{ folder: string; directions: StudyDirection[] }> {
  const slug = await makeStore(folder, { channels: [24, 24], random: 24, subset: 24, size });
  const root = join(folder, slug);
  const directions: StudyDirection[] = [];
  for (const layer of LAYERS) {
    const lines = (await readFile(join(root, 'layers', `${layer}.jsonl`), 'utf8')).trim().split('\n');
    for (const { id, arm, renders } of lines.map((line) => unitRecord.parse(JSON.parse(line)))) {
      const ranking = [...new RandomStream('fixture', layer, id).permutation(IMAGES)];
      const images = renders.flatMap(({ image }) => (image ? [image] : []));
      directions.push({ id, layer, arm, renders: images, top: ranking.slice(0, 40), middle: ranking.slice(48, 72) });
    }
  }
  return { folder: root, directions };
}

/** Image `index` of the set. */
export async function fixturePicture(index: number, size = 32): Promise<Picture> {
  const bytes = await makePicture({ seed: 900_000 + index, start: 0, size, waves: 2, detail: 1.2 });
  return { size, pixels: new Uint8Array(await sharp(bytes).removeAlpha().raw().toBuffer()) };
}

/** A study of a store, with a nonce that is known, so that it is the same each time. */
export async function makeFixture(folder: string, request: Partial<StudyRequest> & { size?: number } = {}): Promise<StudyFixture> {
  const { size = 32, ...others } = request;
  const store = await makeStudyStore(folder, size);
  const { study, key } = await makeStudy({
    atlas: 'fixture-net',
    folder: store.folder,
    directions: store.directions,
    images: { picture: (index) => fixturePicture(index, size) },
    seed: 7,
    sessions: 4,
    nonce: NONCE,
    created: '2026-03-04T05:06:07.000Z',
    ...others,
  });
  return { ...store, study, key };
}
