/** Opens one file in a process of its own and says what became of it: `open-child.ts FILE`. */
import { writeSync } from 'node:fs';
import { Dice } from './dice.ts';
import { judgeFile } from './judge.ts';
import { LIMITS } from './limits.ts';
import { slowness } from './slowness.ts';

const start = performance.now();
const spent = process.cpuUsage();
const verdict = await judgeFile(process.argv[2], new Dice(1));
// By the processor where that is less: on a busy machine the clock tells of others. One that waits for nothing is ended by whoever opened it.
const { user, system } = process.cpuUsage(spent);
const taken = Math.min(performance.now() - start, (user + system) / 1000);
// How slow the machine is matters, and is measured, only where the time is beyond what a quiet one may take.
const milliseconds = taken < LIMITS.milliseconds ? taken : taken / slowness();
writeSync(1, JSON.stringify({ ...verdict, milliseconds, peak: process.resourceUsage().maxRSS }));
