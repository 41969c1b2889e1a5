/** `atlas models`: the zoo, and what was fetched besides. */
import type { Command } from 'commander';
import { type CatalogueEntry, listModels } from '../models/catalogue.ts';
import { MODEL_CACHE } from '../models/open.ts';
import { formatTable } from './table.ts';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('lists the networks that can be asked for by name: id, licence, size, digest, fetched or not, source')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const models = await listModels(MODEL_CACHE);
      process.stdout.write(`${json ? JSON.stringify(models, null, 2) : describeModels(models)}\n`);
    });
}

/** A line for each model. */
export function describeModels(models: readonly CatalogueEntry[]): string {
  const rows = models.map(({ id, licence, bytes, fetched, source, digest, pinned }) => [
    id,
    licence,
    bytes === undefined ? 'unknown' : `${(bytes / 1e6).toFixed(1)} MB`,
    fetched ? 'yes' : 'no',
    digest === undefined ? 'recorded at first use' : `${digest.slice(0, 19)}…${pinned ? '' : ' (recorded)'}`,
    source,
  ]);
  return formatTable(['id', 'licence', 'size', 'fetched', 'digest', 'source'], rows);
}
