/** A process that merges stores with the stand-in engine, for tests that kill it. Arguments: the folder, the stores. */
import { writeSync } from 'node:fs';
import { merge } from './stand-in-shards.ts';

const [folder, ...stores] = process.argv.slice(2);
const progress = { start: (total: number) => writeSync(1, `${total}\n`), update() {}, note() {}, stop() {} };
await merge(stores, folder, { progress });
