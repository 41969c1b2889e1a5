/**
 * A process that renders a plan under a real limit of memory. Arguments: the folder, pictures at a time, and MiB of addresses that it may take
 * beyond what it has when it begins (none: no limit). Prints what the run says.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { SILENT } from '../../generator/batch/progress.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { tinyModel } from '../render/tiny-model.ts';

const SIZE = 224;
const [folder, batch, room] = process.argv.slice(2);
const engine = { ...openEngine(), openModel: async () => tinyModel() };
const plan = (size: number) => {
  const render = { size, steps: 3, redirect_steps: 0 };
  const arms = { basis: 'every', random: 4 };
  return checkPlan(
    { atlas: 'fit', title: 'Fit', model: 'tiny', layers: ['first'], arms, seeds: { count: 1, subset: 1 }, render },
    'fit.json',
  );
};
const run = (to: string, size: number, at: number) =>
  runPlan({
    plan: plan(size),
    folder: to,
    engine,
    runtime: { threads: 1 },
    batch: at,
    progress: { ...SILENT, note: (text) => process.stdout.write(`${text}\n`) },
  });

if (room) {
  // Once through beforehand, so that threads and libraries have their own: what is refused is then the batch's.
  await run(`${folder}-before`, SIZE, 1);
  await rm(`${folder}-before`, { recursive: true });
  const held = Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${held + Number(room) * 2 ** 20}`]);
}
const { rendered, failed } = await run(folder, SIZE, Number(batch));
process.stdout.write(`${rendered} rendered, ${failed.length} failed\n`);
