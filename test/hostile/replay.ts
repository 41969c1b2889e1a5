/** Makes one case again and says what becomes of it: `node test/hostile/replay.ts SEED [run]`. */
import { run } from './campaign.ts';

const seed = Number(process.argv[2]);
if (!Number.isSafeInteger(seed)) throw new Error('expected the seed of a case: node test/hostile/replay.ts SEED');
await run({ from: seed, to: seed + 1, runs: process.argv[3] === 'run' }, (result) => console.log(result));
