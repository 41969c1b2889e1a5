/**
 * A process that compares a planted store, for tests that kill it, and that may be told to do so itself. Arguments: the root, the folder, and after how many
 * of its calls that change the disk it ends by SIGKILL, 0 for never. It says its stages, and in the end the number of those calls.
 */
import { writeSync } from 'node:fs';
import fs, { readFile } from 'node:fs/promises';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { compareAtlas } from '../../generator/compare/compare.ts';

const [root, folder, last] = process.argv.slice(2);
let calls = 0;
const count = () => {
  if (++calls === Number(last)) process.kill(process.pid, 'SIGKILL');
};

// Before and after each: a file opened and not written, written and not renamed, renamed and not named by the index.
const { open, rename, rm } = fs;
fs.open = async (...args) => {
  count();
  const handle = await open(...args);
  count();
  return handle;
};
fs.rename = async (...args) => {
  count();
  await rename(...args);
  count();
};
fs.rm = async (...args) => {
  count();
  await rm(...args);
};

const { plan } = checkPlan(JSON.parse(await readFile(`${root}/plan.json`, 'utf8')), 'plan.json');
const engine = openEngine();
const model = await engine.openModel(plan.model, plan.preprocess ? { pixels: plan.preprocess } : {});
const runtime = await engine.openRuntime({ device: 'cpu', threads: 1 });
await compareAtlas({
  ...{ folder, model, runtime, engine, cache: `${root}/cache`, compare: plan.compare },
  stages: { begin: (title) => writeSync(1, `${title}\n`), done: () => undefined },
});
writeSync(1, `${calls}\n`);
