/** What `atlas doctor` says of the runtimes: every device is tried, each in a process of its own. */
import { createRequire } from 'node:module';
import { type Attempt, attempt } from '../../runtime/attempt.ts';
import { findLack, PLACES } from '../../runtime/devices.ts';
import { installCommand, TFJS_BACKENDS } from '../../runtime/tfjs/load.ts';
import { type Finding, findings } from './finding.ts';

const onnxruntime = findings('processor');
const graphics = findings('graphics');
const tfjs = findings('TensorFlow.js');
const require = createRequire(import.meta.url);

/** One device after the other, so that their times can be compared. */
export async function checkRuntimes(): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const place of PLACES.filter(({ runtime }) => runtime === 'onnxruntime').toReversed()) {
    const { device } = place;
    const make = device === 'cpu' ? onnxruntime : graphics;
    const name = `onnxruntime ${device}`;
    const lack = findLack(place, false);
    if (lack?.elsewhere) continue;
    if (lack) found.push(make(name, 'missing', lack.why, { remedy: lack.remedy }));
    else
      found.push(
        tried(
          make,
          name,
          await attempt(place),
          device === 'cpu' ? 'npm install onnxruntime-node' : 'See to the driver above.',
          device === 'cpu',
        ),
      );
  }
  for (const backend of TFJS_BACKENDS) {
    const remedy = installCommand(backend);
    if (isInstalled(backend.package)) {
      const place = { runtime: 'tfjs', device: backend.device } as const;
      found.push(tried(tfjs, backend.package, await attempt(place, backend.backend), `${remedy} --force`));
    } else found.push(tfjs(backend.package, 'missing', 'not installed (optional)', { remedy }));
  }
  return found;
}

function tried(
  make: ReturnType<typeof findings>,
  name: string,
  { works, why = '', version = '', milliseconds }: Attempt,
  remedy: string,
  essential = false,
): Finding {
  if (works) return make(name, 'ok', `${version}; a first small program in ${milliseconds} ms`);
  return make(name, 'broken', why, { remedy, ...(essential ? { essential } : {}) });
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
