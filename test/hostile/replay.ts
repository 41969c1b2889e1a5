/** Makes one case again and says what becomes of it: `node test/hostile/replay.ts SEED`. */
import { run } from './campaign.ts';

const seed = Number(process.argv[2]);
if (!Number.isSafeInteger(seed)) throw new Error('expected the seed of a case: node test/hostile/replay.ts SEED');
await run(seed, seed + 1, (result) => console.log(result));
