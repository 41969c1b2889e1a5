/** A process that pushes or pulls, for tests that kill or measure it. Arguments: push or pull, the folder, the endpoint. Prints the most that lay in its buffers at once, in MB; what the allocator keeps beside that is not counted. */
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { openTestBucket } from './stores.ts';

const [what, folder, endpoint] = process.argv.slice(2);
let most = 0;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage().external);
}, 20);
const bucket = await openTestBucket(endpoint);
if (what === 'push') await push({ store: folder, bucket, evidence: true, concurrency: 4 });
else await pull({ bucket, folder: () => folder, concurrency: 4 });
bucket.close();
clearInterval(watch);
process.stdout.write(`${Math.round(most / 1e6)}\n`);
