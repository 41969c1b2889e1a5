/** `atlas compare`, and the last part of `atlas run`: what is rendered is measured and compared, or a comparison is computed again from its files. */
import path from 'node:path';
import type { Control, Plan } from '../../data/schema.ts';
import { DEFAULT_BATCH } from '../batch/batch-size.ts';
import type { Log } from '../batch/log.ts';
import { openEngine } from '../batch/open-engine.ts';
import type { CheckedPlan } from '../batch/plan.ts';
import type { Progress } from '../batch/progress.ts';
import { COMPARISON_FILE, compareAtlas } from '../compare/compare.ts';
import { runControls } from '../compare/controls/run-controls.ts';
import type { Stages } from '../compare/evidence/gather.ts';
import { recompute } from '../compare/recompute.ts';
import { fault } from '../graph/errors.ts';
import { PROJECT, type RuntimeOptions, runtimeChoice } from './options.ts';
import { takeRatings } from './ratings.ts';

/** Where generated and decoded images are kept from run to run. */
export const IMAGE_CACHE = path.join(PROJECT, 'data', 'models', 'images');

export interface CompareOptions extends RuntimeOptions {
  batch?: number | 'auto';
  /** A folder of photographs, over the plan's. */
  images?: string;
  /** The second observer, over the plan's. */
  observer?: string;
  recompute?: boolean;
  /** Files of raters' answers. */
  ratings?: string[];
  /** The study's key, over the store's. */
  key?: string;
  /** The controls, after the comparison. */
  controls?: boolean;
}

interface Job {
  readonly plan: CheckedPlan;
  readonly folder: string;
  readonly options: CompareOptions;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly log?: Log;
}

/** Gathers what is lacking, and compares. */
export async function compare({ plan: { plan }, folder, options, progress, signal, log }: Job): Promise<void> {
  if (options.recompute) return again({ folder, options, progress, signal });
  if (options.key && !options.ratings)
    throw fault({
      where: '--key',
      expected: '--ratings beside it',
      name: "the study's key",
      received: options.key,
      remedy: 'Add --ratings with the files of the raters.',
      exitCode: 2,
    });
  if (options.ratings) return takeRatings({ folder, ratings: options.ratings, ...(options.key ? { key: options.key } : {}) });
  const { batch } = options;
  const engine = openEngine(progress);
  const model = await engine.openModel(plan.model, { pixels: plan.preprocess });
  const runtime = await engine.openRuntime(runtimeChoice(options));
  const told = toldOf(plan, options);
  try {
    const { layers } = await compareAtlas({
      ...{ folder, model, runtime, engine, signal },
      cache: IMAGE_CACHE,
      compare: told,
      batch: batch === 'auto' ? DEFAULT_BATCH : (batch ?? DEFAULT_BATCH),
      stages: showStages(progress),
    });
    progress.stop();
    if (log) log('info', 'compared', { folder, layers: layers.map(({ id }) => id), file: COMPARISON_FILE });
    else process.stdout.write(`${folder}: ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'} compared, in ${COMPARISON_FILE}\n`);
    if (!options.controls) return;
    const controls = await runControls({
      ...{ folder, model, runtime, engine, signal, compare: told },
      cache: IMAGE_CACHE,
      stages: showStages(progress),
    });
    progress.stop();
    process.stdout.write(describeControls(controls));
  } catch (error) {
    progress.stop();
    throw error;
  }
}

/** What the plan says of the comparison, with what the command line says over it. */
export function toldOf({ compare }: Plan, { images, observer }: Pick<CompareOptions, 'images' | 'observer'>): NonNullable<Plan['compare']> {
  return {
    ...compare,
    ...(images ? { images: { ...compare?.images, folder: images } } : {}),
    ...(observer ? { observer: { model: observer } } : {}),
  };
}

/** A line for each control. One that fails is a finding about the comparison, not a failure of the command. */
export function describeControls(controls: readonly Control[]): string {
  const outcome = ({ pass }: Control) => (pass === null ? 'no verdict (see its values)' : pass ? 'passes' : 'FAILS');
  return controls.map((control) => `${control.id} ${control.title}: ${outcome(control)}\n`).join('');
}

async function again({ folder, options, progress, signal }: Omit<Job, 'plan'>): Promise<void> {
  try {
    const { rows, different } = await recompute({
      folder,
      stages: showStages(progress),
      signal,
      ...(options.threads ? { threads: options.threads } : {}),
    });
    progress.stop();
    if (different.length === 0) {
      process.stdout.write(`${folder}: ${rows} rows of ${COMPARISON_FILE} computed again from its files, the same to the last bit\n`);
      return;
    }
    process.stdout.write(
      `${folder}: ${different.length === 1 ? '1 figure' : `${different.length} figures`} of ${COMPARISON_FILE} came out otherwise:\n${different.map((one) => `  ${one}\n`).join('')}`,
    );
    process.exitCode = 1;
  } catch (error) {
    progress.stop();
    throw error;
  }
}

/** A note for each stage that has something to do, and a bar for how far it is. */
export function showStages(progress: Progress): Stages {
  let title = '';
  let total = 0;
  return {
    begin: (text, count) => {
      progress.stop();
      [title, total] = [text, count];
    },
    done: (count) => {
      if (title) {
        progress.note(title);
        progress.start(total, 0);
        title = '';
      }
      progress.update(count);
    },
  };
}
