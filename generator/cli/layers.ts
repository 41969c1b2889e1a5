/** `atlas layers MODEL`: what can be visualised. */
import type { Command } from 'commander';
import type { Layer } from '../models/model.ts';
import { openModel } from '../models/open.ts';
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
    process.stdout.write(`${json ? JSON.stringify(layers, null, 2) : describe(layers)}\n`);
    if (!json) printAssumptions(model.assumptions);
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

function describe(layers: readonly Layer[]): string {
  const rows = layers.map(({ slug, shape, tap, nonlinearity, receptiveField, name }) => [
    slug,
    shape.join('×'),
    describeTap({ tap, ...(nonlinearity ? { nonlinearity } : {}) }),
    receptiveField,
    name,
  ]);
  return formatTable(['slug', 'C×H×W', 'tap', 'field', 'name'], rows);
}

/** `before Relu6`, `linear`. */
export function describeTap({ tap, nonlinearity }: Pick<Layer, 'tap' | 'nonlinearity'>): string {
  return nonlinearity ? `${tap} ${nonlinearity}` : tap;
}
