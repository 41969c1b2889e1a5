/** `atlas layers MODEL`: what can be visualised. */
import type { Command } from 'commander';
import { fault } from '../graph/errors.ts';
import type { Layer, Model } from '../models/model.ts';
import { openModel } from '../models/open.ts';
import { describeField, describeShape, describeTap } from './describe-layer.ts';
import { addModelOptions, MODEL_ARGUMENT, type ModelOptions, pixelsOf } from './model-options.ts';
import { positive } from './options.ts';
import { formatTable } from './table.ts';

export function addLayers(program: Command): void {
  const command = program
    .command('layers')
    .description('lists every layer that can be visualised: slug, C×H×W, before or after its non-linearity, receptive field, name')
    .argument('<model>', MODEL_ARGUMENT)
    .option('--size <pixels>', 'side of the picture (the size the network was trained at, if left out)', positive)
    .option('--json', 'print JSON');
  addModelOptions(command).action(async (reference: string, { size, json, ...options }: LayersOptions) => {
    const model = await openModel(reference, { pixels: pixelsOf(options) });
    const layers = model.layers(size);
    if (layers.length === 0 && size !== undefined) throw wrongSize(model, size);
    process.stdout.write(`${json ? JSON.stringify(layers, null, 2) : describe(layers, size ?? model.size)}\n`);
    if (json) return;
    printAssumptions(model.assumptions);
    const missing = model.layers().length - layers.length;
    if (missing > 0) process.stderr.write(`${missing} layers do not go at ${size} pixels: the network is made for ${model.size}.\n`);
  });
}

interface LayersOptions extends ModelOptions {
  size?: number;
  json?: boolean;
}

/** Says what the file did not, on the error stream, so that it is seen and in nobody's way. */
export function printAssumptions(assumptions: readonly string[]): void {
  for (const assumption of assumptions) process.stderr.write(`Note: ${assumption}\n`);
}

function wrongSize({ id, size: own }: Model, size: number): Error {
  return fault({
    where: id,
    expected: `images of ${own} pixels a side`,
    name: '--size',
    received: size,
    remedy: 'No layer goes at that size: leave --size out.',
    exitCode: 2,
  });
}

function describe(layers: readonly Layer[], size: number): string {
  const rows = layers.map((layer) => [layer.slug, describeShape(layer), describeTap(layer), describeField(layer, size), layer.name]);
  return formatTable(['slug', 'C×H×W', 'tap', 'field', 'name'], rows);
}
