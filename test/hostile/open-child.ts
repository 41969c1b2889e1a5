/** Opens one file in a process of its own and says what became of it: `open-child.ts FILE`. */
import { writeSync } from 'node:fs';
import { Dice } from './dice.ts';
import { judgeFile } from './judge.ts';

const start = performance.now();
const verdict = await judgeFile(process.argv[2], new Dice(1));
const milliseconds = performance.now() - start;
writeSync(1, JSON.stringify({ ...verdict, milliseconds, peak: process.resourceUsage().maxRSS }));
