/** `atlas portray`, and the last part of `atlas run`: what units' pages show beside their renders, and the map. */
import type { PortraitKey } from '../../data/schema.ts';
import type { Log } from '../batch/log.ts';
import { openEngine } from '../batch/open-engine.ts';
import type { CheckedPlan } from '../batch/plan.ts';
import type { Progress } from '../batch/progress.ts';
import { portrayAtlas } from '../portray/portray.ts';
import { type CompareOptions, IMAGE_CACHE, showStages, toldOf } from './compare.ts';
import { runtimeChoice } from './options.ts';

export interface PortrayOptions extends CompareOptions {
  /** Prints what was made as JSON, and the progress elsewhere. */
  json?: boolean;
}

interface Job {
  readonly plan: CheckedPlan;
  readonly folder: string;
  readonly options: PortrayOptions;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly log?: Log;
}

/** Makes what is lacking, and says what there is. */
export async function portray({ plan: { plan }, folder, options, progress, signal, log }: Job): Promise<void> {
  const engine = openEngine(progress);
  try {
    const known = await portrayAtlas({
      folder,
      open: async () => ({
        model: await engine.openModel(plan.model, { pixels: plan.preprocess }),
        runtime: await engine.openRuntime(runtimeChoice(options)),
      }),
      compare: toldOf(plan, options),
      cache: IMAGE_CACHE,
      stages: showStages(progress),
      note: (sentence) => progress.note(sentence),
      signal,
    });
    progress.stop();
    if (log) log('info', 'portrayed', { folder, ...known.made, files: known.files });
    else
      process.stdout.write(
        options.json ? `${JSON.stringify({ folder, ...known.made, files: known.files }, null, 2)}\n` : describe(folder, known),
      );
  } catch (error) {
    progress.stop();
    throw error;
  }
}

function describe(folder: string, { made }: PortraitKey): string {
  const megabytes = (made.image_bytes / 1e6).toFixed(1);
  const images = made.published
    ? `${made.with_examples} with images (${made.images} different ones, ${megabytes} MB)`
    : 'none with images: photographs are not published unless the plan says "compare": { "images": { "publish": true } }';
  return `${folder}: ${made.units} units portrayed, ${made.mapped} on the map, ${images}\n`;
}
