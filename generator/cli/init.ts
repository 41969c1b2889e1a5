/** `atlas init MODEL`: a plan to start from. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { PlanFile } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import { suggestLayers } from '../models/layers.ts';
import type { Model } from '../models/model.ts';
import { openModel } from '../models/open.ts';
import { PRESET_SETTINGS } from '../render/presets.ts';
import { describeLayer } from './describe-layer.ts';
import { printAssumptions } from './layers.ts';
import { addModelOptions, MODEL_ARGUMENT, type ModelOptions, pixelsOf } from './model-options.ts';
import { PROJECT, shownPath } from './options.ts';

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('writes a plan for a network, with up to a dozen of its layers, each commented on')
    .argument('<model>', MODEL_ARGUMENT)
    .option('-o, --output <file>', 'the plan to write (data/plans/<model>.json if left out)');
  addModelOptions(command).action(async (reference: string, options: ModelOptions & { output?: string }) => {
    const model = await openModel(reference, { pixels: pixelsOf(options) });
    const file = options.output ?? path.join(PROJECT, 'data', 'plans', `${model.id}.json`);
    const plan = makePlan(model, reference, file, pixelsOf(options));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`, { flag: 'wx' }).catch((cause: unknown) => {
      throw fault({
        where: shownPath(file),
        expected: 'a new file in a folder that can be written to',
        name: 'the plan',
        received: cause instanceof Error ? cause.message : cause,
        remedy: 'Choose another file with --output.',
        exitCode: 2,
        cause,
      });
    });
    printAssumptions(model.assumptions);
    const [chosen, all] = [plan.layers.length, model.layers().length];
    const others = chosen < all ? `It has ${chosen} of the network's ${all} layers; "atlas layers ${reference}" lists them all.\n` : '';
    process.stdout.write(
      `Wrote ${shownPath(file)}. ${others}Remove the layers that you do not want, then: npx atlas run ${shownPath(file)}\n`,
    );
  });
}

/** Layers to begin with, every channel of them, and as many random directions as a comparison should have. */
export function makePlan(model: Model, reference: string, file: string, preprocess?: PlanFile['preprocess']): PlanFile {
  const size = pictureSize(model);
  const pixels = preprocess ?? assumedPixels(model);
  return {
    $schema: path.relative(path.dirname(path.resolve(file)), path.join(PROJECT, 'data', 'plans', 'plan.schema.json')),
    atlas: model.id,
    title: model.title,
    model: reference,
    ...(pixels ? { preprocess: pixels } : {}),
    layers: suggestLayers(model.layers()).map((layer) => ({ layer: layer.name, about: describeLayer(layer, model.size) })),
    arms: { basis: 'every', random: 128 },
    seeds: { count: 3, subset: 128 },
    render: { preset: 'atlas', ...(size === PRESET_SETTINGS.atlas.size ? {} : { size }) },
    compare: { images: { n: FIRST_IMAGES } },
    seed: 0,
  };
}

/** Generated images to begin with: a fifth of the set, each of its concepts on sixty or more, so that a first comparison takes minutes. */
const FIRST_IMAGES = 1200;

const ASSUMED = 'Assumed: the model file does not say what its pixels are. Where the network was trained on others, write those here.';

/** What was assumed of the pixels, with a note, so that whoever reads the plan sees it and can change it. */
function assumedPixels({ assumedPixels }: Model): PlanFile['preprocess'] {
  if (!assumedPixels) return undefined;
  const { range: [low, high] = [0, 1], mean, std } = assumedPixels;
  return { about: ASSUMED, range: [low, high], ...(mean ? { mean: [...mean] } : {}), ...(std ? { std: [...std] } : {}) };
}

/** The preset's size, unless the network was trained on smaller images or takes no others than its own. */
function pictureSize(model: Model): number {
  const { size } = PRESET_SETTINGS.atlas;
  if (model.size <= size) return Math.max(model.size, 16);
  try {
    const layers = suggestLayers(model.layers()).map(({ name }) => name);
    model.graph({ layers, batch: 1, height: size, width: size });
    return size;
  } catch {
    return model.size;
  }
}
