/** `atlas init MODEL`: a plan to start from. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { PlanFile } from '../../data/schema.ts';
import { openEngine } from '../batch/open-engine.ts';
import { fault } from '../graph/errors.ts';
import type { Layer, Model } from '../models/model.ts';
import { describeTap } from './layers.ts';
import { PROJECT, shownPath } from './options.ts';

export function addInit(program: Command): void {
  program
    .command('init')
    .description('writes a plan for a network, with every layer commented on')
    .argument('<model>', 'a zoo id, a TF.js model.json, or npm:package@version/path/model.json')
    .option('-o, --output <file>', 'the plan to write (data/plans/<model>.json if left out)')
    .action(async (reference: string, { output }: { output?: string }) => {
      const model = await openEngine().openModel(reference);
      const file = output ?? path.join(PROJECT, 'data', 'plans', `${model.id}.json`);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(makePlan(model, reference, file), null, 2)}\n`, { flag: 'wx' }).catch((cause: unknown) => {
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
      process.stdout.write(`Wrote ${shownPath(file)}. Remove the layers that you do not want, then: npx atlas run ${shownPath(file)}\n`);
    });
}

/** Every layer of the network, every channel, and as many random directions as a comparison should have. */
export function makePlan(model: Model, reference: string, file: string): PlanFile {
  return {
    $schema: path.relative(path.dirname(path.resolve(file)), path.join(PROJECT, 'data', 'plans', 'plan.schema.json')),
    atlas: model.id,
    title: model.title,
    model: reference,
    layers: model.layers().map((layer) => ({ layer: layer.name, about: describeLayer(layer) })),
    arms: { basis: 'every', random: 128 },
    seeds: { count: 3, subset: 128 },
    render: { preset: 'atlas' },
    seed: 0,
  };
}

function describeLayer({ shape: [channels, height, width], receptiveField, ...layer }: Layer): string {
  return `${channels} channels of ${height}×${width}, ${describeTap(layer)}; a position sees ${receptiveField} pixels.`;
}
