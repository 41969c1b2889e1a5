/**
 * What a unit costs, from the plan to the finished store, as their number grows: `node test/bench/flat.ts [10 100 1000 10000]`. A tiny network and
 * few steps, so that the store, the journal and the encoder are most of it. Each count runs in a process of its own, for its own peak of memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from '../../generator/batch/engine.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { tinyModel } from '../render/tiny-model.ts';

const [command, ...rest] = process.argv.slice(2);

/** Runs a plan of so many units of one layer, then again with nothing to do; milliseconds each, and the peak of memory. */
async function measure(units: number) {
  const folder = await mkdtemp(path.join(tmpdir(), 'atlas-flat-'));
  try {
    return await measureIn(folder, units);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureIn(folder: string, units: number) {
  const engine: Engine = { ...openEngine(), openModel: async () => tinyModel() };
  const plan = checkPlan(
    {
      atlas: 'flat',
      title: 'Flat',
      model: 'tiny',
      layers: ['first'],
      arms: { basis: 1, random: units - 1 },
      seeds: { count: 1, subset: 1 },
      render: { size: 16, steps: 4, redirect_steps: 0, pad: 0, jitter: 0, final_jitter: 0, rotate: 0, scale: [1, 1] },
    },
    'flat.json',
  );
  const timed = async () => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const { rendered } = await runPlan({ plan, folder, engine, runtime: { threads: 1 } });
    const { user, system } = process.cpuUsage(cpu);
    return { rendered, milliseconds: performance.now() - start, cpu: (user + system) / 1000 };
  };
  const before = process.memoryUsage.rss();
  const first = await timed();
  if (first.rendered !== units) throw new Error(`rendered ${first.rendered} of ${units}`);
  const again = await timed();
  const peak = process.resourceUsage().maxRSS * 1024;
  return {
    units,
    ms_per_unit: first.milliseconds / units,
    cpu_ms_per_unit: first.cpu / units,
    ms_per_unit_again: again.milliseconds / units,
    total_ms: first.milliseconds,
    peak_mib: peak / 2 ** 20,
    grown_mib: (peak - before) / 2 ** 20,
  };
}

if (command === 'measure') {
  process.stdout.write(JSON.stringify(await measure(Number(rest[0]))));
} else {
  const counts = command ? [command, ...rest].map(Number) : [10, 100, 1000, 10_000];
  for (const count of counts) {
    const text = execFileSync(process.execPath, [import.meta.filename, 'measure', String(count)], { encoding: 'utf8' });
    const { units, ms_per_unit, cpu_ms_per_unit, ms_per_unit_again, total_ms, peak_mib } = JSON.parse(text);
    const shown = [
      `${ms_per_unit.toFixed(2)} ms a unit, ${cpu_ms_per_unit.toFixed(2)} of a processor`,
      ms_per_unit_again.toFixed(3),
      (total_ms / 1000).toFixed(1),
      Math.round(peak_mib),
    ];
    process.stdout.write(`${units} units: ${shown[0]} (again, all there: ${shown[1]}), ${shown[2]} s in all, peak ${shown[3]} MiB\n`);
  }
}
