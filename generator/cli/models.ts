/** `atlas models`: the zoo. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { zooFolder } from '../models/open.ts';
import { ZOO } from '../models/zoo.ts';
import { formatTable } from './table.ts';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('lists the networks that can be asked for by name: id, source, licence, size, digest, fetched or not')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const models = ZOO.map((model) => ({
        id: model.id,
        title: model.title,
        source: `npm:${model.package}/${model.folder}/${model.main}`,
        licence: model.licence,
        bytes: model.tarballBytes,
        integrity: model.integrity,
        fetched: existsSync(path.join(zooFolder(model.id), model.main)),
      }));
      process.stdout.write(`${json ? JSON.stringify(models, null, 2) : describe(models)}\n`);
    });
}

function describe(
  models: readonly { id: string; licence: string; bytes: number; fetched: boolean; source: string; integrity: string }[],
): string {
  const rows = models.map(({ id, licence, bytes, fetched, source, integrity }) => [
    id,
    licence,
    `${(bytes / 1e6).toFixed(1)} MB`,
    fetched ? 'yes' : 'no',
    source,
    `${integrity.slice(0, 19)}…`,
  ]);
  return formatTable(['id', 'licence', 'size', 'fetched', 'source', 'digest'], rows);
}
