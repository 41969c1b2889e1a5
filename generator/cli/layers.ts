/** `atlas layers MODEL`: what can be visualised. */
import type { Command } from 'commander';
import { openEngine } from '../batch/open-engine.ts';
import type { Layer } from '../models/model.ts';
import { positive } from './options.ts';
import { formatTable } from './table.ts';

export function addLayers(program: Command): void {
  program
    .command('layers')
    .description('lists every layer that can be visualised: slug, C×H×W, before or after its non-linearity, receptive field, name')
    .argument('<model>', 'a zoo id, a TF.js model.json, or npm:package@version/path/model.json')
    .option('--size <pixels>', 'side of the picture (the size the network was trained at, if left out)', positive)
    .option('--json', 'print JSON')
    .action(async (reference: string, { size, json }: { size?: number; json?: boolean }) => {
      const model = await openEngine().openModel(reference);
      const layers = model.layers(size);
      process.stdout.write(`${json ? JSON.stringify(layers, null, 2) : describe(layers)}\n`);
      if (!json) for (const assumption of model.assumptions) process.stderr.write(`${assumption}\n`);
    });
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
