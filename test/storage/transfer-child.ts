/** A process that pushes or pulls, for tests that kill or measure it. Arguments: push or pull, the folder, the endpoint. Prints the most memory it held, in MiB. */
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { openTestBucket } from './stores.ts';

const [what, folder, endpoint] = process.argv.slice(2);
const bucket = await openTestBucket(endpoint);
if (what === 'push') await push({ store: folder, bucket, evidence: true, concurrency: 4 });
else await pull({ bucket, folder: () => folder, concurrency: 4 });
bucket.close();
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
