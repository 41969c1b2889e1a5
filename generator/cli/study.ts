/** `atlas study [PLAN]`: the human study of a compared atlas. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Comparison } from '../../data/schema.ts';
import { withLock } from '../batch/lock.ts';
import { readPlan } from '../batch/plan.ts';
import { openProgress } from '../batch/progress.ts';
import { readAtlas } from '../batch/store.ts';
import { COMPARISON_FILE, readComparison } from '../compare/comparison-file.ts';
import { openPlanImages } from '../compare/plan-images.ts';
import { makeStudy, STUDY_FILE, STUDY_KEY_FILE } from '../compare/study/make-study.ts';
import { RELEASED_KEY_FILE, releaseKey } from '../compare/study/release-key.ts';
import type { StudyDirection } from '../compare/study/trial.ts';
import { fault } from '../graph/errors.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import { IMAGE_CACHE } from './compare.ts';
import { ATLASES, DEFAULT_PLAN, positive, shownPath } from './options.ts';

/** Renders that explain a direction: as many for each, since their number would tell arms apart. */
const RENDERS = 3;
const ASKED = ['basis', 'random'];

interface StudyOptions {
  out?: string;
  images?: string;
  layers?: string[];
  sessions?: number;
  releaseKey?: boolean;
  key?: string;
}

export function addStudy(program: Command): void {
  program
    .command('study')
    .description('makes a study of a compared atlas, for people to judge its directions: study.json, its pictures, and the key')
    .argument('[plan]', 'the plan of the atlas (data/plans/quick.json if left out)')
    .option('--out <dir>', 'the folder of the atlas (data/atlases/<atlas> if left out)')
    .option('--images <folder>', 'the photographs that it was compared with, if not those of the plan')
    .option('--layers <slugs...>', 'the layers to ask about (every one if left out)')
    .option('--sessions <number>', 'sittings to prepare, one a rater', positive, 12)
    .addOption(
      new Option('--release-key', 'once the ratings are read: puts the key where the site publishes it').conflicts([
        'images',
        'layers',
        'sessions',
      ]),
    )
    .option('--key <file>', 'with --release-key: the key, if it is not in the atlas’s folder')
    .action(async (given: string | undefined, options: StudyOptions) => {
      const { plan } = await readPlan(shownPath(given ?? DEFAULT_PLAN));
      const folder = shownPath(options.out ?? path.join(ATLASES, plan.atlas));
      if (options.releaseKey) {
        const { sha256 } = await withLock(folder, () => releaseKey(folder, options.key));
        process.stdout.write(
          `${folder}: the key is released, in ${RELEASED_KEY_FILE}; its SHA-256 is ${sha256}, as ${STUDY_FILE} has it\n`,
        );
        return;
      }
      const comparison = await readComparison(folder);
      const atlas = await readAtlas(folder);
      const layers = chosenLayers(comparison, options.layers);
      const sizes = new Set(atlas?.layers.filter(({ slug }) => layers.includes(slug)).map(({ render }) => render.size));
      const told = { ...plan.compare?.images, ...(options.images ? { folder: options.images } : {}) };
      const progress = openProgress();
      try {
        const images = await sameImages(folder, comparison, [...sizes], told);
        const { study } = await withLock(folder, () =>
          makeStudy({
            folder,
            atlas: atlas?.slug ?? plan.atlas,
            directions: askable(comparison, layers),
            images,
            seed: plan.seed,
            renders: RENDERS,
            ...(options.sessions ? { sessions: options.sessions } : {}),
            onProgress: ({ done, total }) => {
              if (done === 1) progress.start(total, 0);
              progress.update(done);
            },
          }),
        );
        progress.stop();
        process.stdout.write(
          `${folder}: ${study.trials.length} trials in ${study.sessions.length} sittings, in ${STUDY_FILE}\n` +
            `Keep ${STUDY_KEY_FILE} to yourself until the ratings are in; without it they cannot be read.\n`,
        );
      } finally {
        progress.stop();
      }
    });
}

function chosenLayers({ layers }: Comparison, asked: readonly string[] | undefined): string[] {
  const known = layers.map(({ id }) => id);
  const unknown = asked?.find((slug) => !known.includes(slug));
  if (unknown === undefined) return asked ? [...asked] : known;
  throw fault({
    where: '--layers',
    expected: `slugs of layers that were compared (${known.join(', ')})`,
    name: 'the layers to ask about',
    received: unknown,
    remedy: 'Correct it.',
    exitCode: 2,
  });
}

/** The directions of the two arms that have renders enough, and the images that they were judged on. */
function askable({ directions }: Comparison, layers: readonly string[]): StudyDirection[] {
  return directions.flatMap(({ id, layer, arm, renders = [], top = [], middle = [] }) => {
    const pictures = renders.flatMap(({ image }) => image ?? []);
    if (!ASKED.includes(arm) || !layers.includes(layer) || pictures.length < RENDERS) return [];
    return [{ id, layer, arm, renders: pictures, top, middle }];
  });
}

/** The set that the comparison counts in: another would show other images under the same numbers. */
async function sameImages(
  folder: string,
  comparison: Comparison,
  sizes: readonly number[],
  told: { readonly folder?: string | undefined; readonly n?: number | undefined },
): Promise<ImageSet> {
  const [size] = sizes;
  const wrong = (expected: string, received: unknown, remedy: string) =>
    fault({ where: `${folder}/${COMPARISON_FILE}`, expected, name: 'the images of the study', received, remedy });
  if (size === undefined || sizes.length > 1)
    throw wrong('pictures of one size', sizes, 'Name layers of one size with --layers: pictures of two sizes would tell them apart.');
  const images = await openPlanImages(told, { size, cache: IMAGE_CACHE });
  const compared = comparison.images.find((set) => set.size === size);
  if (compared?.sha256 === images.sha256) return images;
  throw wrong(
    `the set with SHA-256 ${compared?.sha256}`,
    images.sha256,
    'Give the images that the atlas was compared with, or compare again.',
  );
}
