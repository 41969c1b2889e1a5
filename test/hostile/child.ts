/** Opens hostile files in a process of its own, since what goes wrong may take the process with it: `child.ts FOLDER FROM TO [run]`, a line for each. */
import { writeSync } from 'node:fs';
import { makeCase } from './fuzz.ts';
import { judge } from './judge.ts';
import { materialAt } from './material.ts';

const [folder, ...rest] = process.argv.slice(2);
const [from, to] = rest.map(Number);
// Loaded where it is used alone: it brings a library of machine code.
const then = rest[2] === 'run' ? (await import('./run-once.ts')).runOnce : undefined;
const say = (message: unknown) => writeSync(1, `${JSON.stringify(message)}\n`);

const whole = materialAt(folder);
// What is run is small.
const material = then ? { ...whole, large: whole.families } : whole;
for (let seed = from; seed < to; seed++) {
  say({ starts: seed });
  const { original, about, ...made } = makeCase(seed, material);
  const start = performance.now();
  const verdict = await judge({ original, about, ...made }, then);
  const milliseconds = Math.round(performance.now() - start);
  const says = verdict.says.replaceAll(folder, '…').slice(0, verdict.kind === 'wrong' ? 4000 : 400);
  // The most that the process ever had, in kilobytes: what a file took and gave back counts as well.
  say({ seed, original: original.name, about, kind: verdict.kind, says, milliseconds, peak: process.resourceUsage().maxRSS });
}
