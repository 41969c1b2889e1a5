/** `atlas repair [DIR]`: what is damaged is made again, and nothing else. */
import type { Command } from 'commander';
import { openEngine } from '../batch/open-engine.ts';
import { openProgress } from '../batch/progress.ts';
import { type Repaired, repairAtlas } from '../repair/repair.ts';
import { interruptible } from './interrupt.ts';
import { deviceOption, positive, type RuntimeOptions, runtimeChoice, runtimeOption, shownPath, threadsOption } from './options.ts';
import { describeVerification, findAtlases, ledgerOf } from './verify.ts';

interface RepairOptions extends RuntimeOptions {
  batch?: number;
  json?: boolean;
}

export function addRepair(program: Command): void {
  program
    .command('repair')
    .description(
      'makes again what "atlas verify" finds damaged of an atlas and its plan can make (pictures, records, vectors), removes what is no part of it, and says what is left; touches nothing else',
    )
    .argument('[dir]', 'the atlas (every one under data/atlases/ if left out)')
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .option('--batch <number>', 'pictures rendered at a time (as many as a run’s if left out)', positive)
    .option('--json', 'print JSON, and the progress as errors are')
    .action(async (given: string | undefined, options: RepairOptions) => {
      const { json, batch } = options;
      const progress = openProgress(json ? process.stderr : process.stdout);
      const done: Repaired[] = [];
      const again = `npx atlas repair${given ? ` ${given}` : ''}`;
      await interruptible(`To go on from there, give the same command again: ${again}`, async (signal) => {
        for (const folder of given ? [given] : await findAtlases())
          done.push(
            await repairAtlas({
              ...{ folder, ledger: ledgerOf(folder), engine: openEngine(progress), runtime: runtimeChoice(options), progress, signal },
              ...(batch ? { batch } : {}),
            }),
          );
      });
      process.stdout.write(json ? `${JSON.stringify(done, null, 2)}\n` : done.map(describeRepair).join(''));
      if (done.some(({ after }) => after.findings.length > 0)) process.exitCode = 1;
    });
}

/** What was done and what is left, for people. */
export function describeRepair({ layers, vectors, measured, removed, sealed, after }: Repaired): string {
  const count = (number: number, one: string, many: string) => (number > 0 ? [number === 1 ? `1 ${one}` : `${number} ${many}`] : []);
  const different = layers.flatMap(({ layer, different: of }) => of.map((one) => ({ layer, ...one })));
  const rendered = layers.reduce((sum, one) => sum + one.rendered, 0);
  const lost = layers.reduce((sum, one) => sum + one.lines, 0);
  const same = different.length === 0;
  const notes = [
    ...count(rendered, `picture rendered again${same ? ', as it was' : ''}`, `pictures rendered again${same ? ', each as it was' : ''}`),
    ...count(lost, 'record that could not be read left out', 'records that could not be read left out'),
    ...count(vectors.length, 'file of vectors written anew', 'files of vectors written anew'),
    ...count(measured, 'unit with its measures from the comparison', 'units with their measures from the comparison'),
    ...count(removed.length, 'file removed', 'files removed'),
    ...count(sealed.length, 'file given digests', 'files given digests'),
  ];
  const lines = [
    `${shownPath(after.folder)}: ${notes.length > 0 ? notes.join('; ') : 'nothing to repair'}`,
    ...different.map((one) => `  ${one.layer} ${one.unit}, seed ${one.seed}: came out otherwise, ${one.before} then, ${one.after} now`),
    ...layers.flatMap(({ layer, impossible }) => (impossible ? [`  ${layer}: not repaired; ${impossible}`] : [])),
  ];
  return `${lines.join('\n')}\n${describeVerification(after)}`;
}
