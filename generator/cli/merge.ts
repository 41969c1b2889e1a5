/** `atlas merge STORE…`: the stores of a plan's shards become its atlas. */
import path from 'node:path';
import type { Command } from 'commander';
import { openEngine } from '../batch/open-engine.ts';
import { openProgress } from '../batch/progress.ts';
import { readAtlas } from '../batch/store.ts';
import { type MergeSummary, mergeStores } from '../shards/merge.ts';
import { interruptible } from './interrupt.ts';
import { ATLASES, shownPath } from './options.ts';
import { describeFailures } from './run.ts';

interface MergeOptions {
  out?: string;
  prefer?: string;
  partial?: boolean;
  json?: boolean;
}

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description('puts the stores of a plan’s shards together into its atlas: every file held to its hash, the result as of one run')
    .argument('<stores...>', 'the folders that "atlas run PLAN --shard i/n" made, or whole atlases of the same plan')
    .option('--out <dir>', 'the folder of the atlas (data/atlases/<atlas> if left out); what it has of the plan is kept')
    .option('--prefer <store>', 'the store to believe where two have different images under one key')
    .option('--partial', 'merges what there is where pictures are missing; "atlas run PLAN" renders the rest')
    .option('--json', 'print what was done as JSON, and the progress as errors are')
    .action(async (stores: string[], { out, prefer, partial, json }: MergeOptions) => {
      const slug = async () => (await readAtlas(stores[0]))?.slug ?? '';
      const folder = shownPath(out ?? path.join(ATLASES, await slug()));
      const progress = openProgress(json ? process.stderr : process.stdout);
      const summary = await interruptible('The same command goes on from there.', (signal) =>
        mergeStores({
          ...{ stores: stores.map(shownPath), folder, engine: openEngine(progress), progress, signal },
          ...(prefer ? { prefer: shownPath(prefer) } : {}),
          ...(partial ? { partial } : {}),
        }),
      );
      process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : describeMerge(summary));
      if (summary.failed.length > 0 || summary.damaged.length > 0) process.exitCode = 1;
    });
}

/** What a merge did, for people: a line, one more for each file that was altered and each picture that failed, and what comes next. */
export function describeMerge({ folder, copied, reused, removed, missing, damaged, failed }: MergeSummary): string {
  const notes = [
    `${copied} pictures merged`,
    `${reused} were there`,
    ...(removed > 0 ? [`${removed} old files removed`] : []),
    ...(missing > 0 ? [`${missing} MISSING`] : []),
    ...(failed.length > 0 ? [`${failed.length} FAILED`] : []),
  ];
  const lines = damaged.map((one) => `  ${one.folder}: ${one.file} ${one.problem}\n`);
  const repair =
    damaged.length > 0
      ? 'Remove these files and give the command of their shard again, or render what is missing here with "atlas run PLAN".\n'
      : '';
  const next =
    missing > 0
      ? '"atlas run PLAN" renders what is missing, and compares.\n'
      : '"atlas run PLAN" finds every picture there, and compares.\n';
  return `${folder}: ${notes.join(', ')}\n${lines.join('')}${describeFailures(failed)}${repair || next}`;
}
