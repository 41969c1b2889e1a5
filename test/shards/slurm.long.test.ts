/** The recipe for Slurm, on a Slurm of one machine that the test starts: an array, a task that is cancelled, the same line again, and the merge. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { verifyStore } from '../../generator/batch/verify.ts';
import { storeHashes, storeRenders } from '../batch/store-state.ts';
import { atlas, writeTinyModel, writeTinyPlan } from '../end-to-end/command.ts';
import { missing } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

const RECIPE = path.resolve(import.meta.dirname, '../../generator/shards/slurm-array.sh');
const call = promisify(execFile);
const daemons: ChildProcess[] = [];

afterEach(async () => {
  // The node first, so that the controller can tell it nothing more.
  for (const daemon of daemons.splice(0).reverse()) {
    const ended = daemon.exitCode === null ? once(daemon, 'exit') : undefined;
    daemon.kill('SIGTERM');
    await ended;
  }
});

/** Starts a controller and a node, both of the test's own; the environment that finds them. */
async function startSlurm(context: TestContext): Promise<NodeJS.ProcessEnv> {
  const found = await call('sh', ['-c', 'command -v slurmctld slurmd sbatch']).catch(() => undefined);
  if (!found || process.getuid?.() !== 0) return missing(context, 'no Slurm to start (Debian: apt install slurm-wlm), or not as root');
  const folder = temporaryFolder('slurm');
  for (const name of ['state', 'spool']) mkdirSync(`${folder}/${name}`);
  const host = hostname();
  const settings = {
    ...{ ClusterName: 'test', SlurmctldHost: `${host}(127.0.0.1)`, SlurmctldPort: 16917, SlurmdPort: 16918 },
    ...{ SlurmUser: 'root', SlurmdUser: 'root', AuthType: 'auth/none', CredType: 'cred/none' },
    ...{ ProctrackType: 'proctrack/linuxproc', TaskPlugin: 'task/none', SelectType: 'select/cons_tres', SelectTypeParameters: 'CR_Core' },
    ...{ JobAcctGatherType: 'jobacct_gather/none', AccountingStorageType: 'accounting_storage/none', MpiDefault: 'none', KillWait: 10 },
    ...{ StateSaveLocation: `${folder}/state`, SlurmdSpoolDir: `${folder}/spool`, SchedulerParameters: 'sched_interval=2' },
    ...{ SlurmctldPidFile: `${folder}/slurmctld.pid`, SlurmdPidFile: `${folder}/slurmd.pid` },
    ...{ SlurmctldLogFile: `${folder}/slurmctld.log`, SlurmdLogFile: `${folder}/slurmd.log` },
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  lines.push(`NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`, 'PartitionName=all Nodes=ALL Default=YES State=UP');
  writeFileSync(`${folder}/slurm.conf`, `${lines.join('\n')}\n`);
  const env = { ...process.env, SLURM_CONF: `${folder}/slurm.conf` };
  for (const name of ['slurmctld', 'slurmd']) daemons.push(spawn(name, ['-D', '-f', `${folder}/slurm.conf`], { env, stdio: 'ignore' }));
  await until(async () => (await call('sinfo', ['-h', '-o', '%T'], { env }).catch(() => ({ stdout: '' }))).stdout.trim() === 'idle', 60);
  return env;
}

async function until(done: () => Promise<boolean>, seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 4; i++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`it did not come about within ${seconds} s: ${done}`);
}

it('renders a plan in an array whose task is cancelled, goes on by the same line, and merges into the atlas of one run', async (context) => {
  const env = await startSlurm(context);
  const folder = temporaryFolder('slurm-plan');
  const plan = await writeTinyPlan(await writeTinyModel(), { render: { size: 32, steps: 200 } });
  const own = { ...env, STORES: `${folder}/stores`, OUT: `${folder}/atlas`, LOGS: `${folder}/logs` };
  const submit = () => call(RECIPE, [plan, '3'], { env: own });
  const queued = async () => (await call('squeue', ['-h', '-r', '-o', '%i'], { env })).stdout.trim().split('\n').filter(Boolean);
  await submit();
  const journal = () => existsSync(`${folder}/stores/1-of-3/layers`) && storeRenders(`${folder}/stores/1-of-3`).length > 0;
  await until(async () => journal(), 120);
  const first = (await queued()).find((job) => job.endsWith('_1')) ?? '';
  await call('scancel', [first], { env });
  // The others end well; the merge, which waits for all three, is dropped.
  await until(async () => (await queued()).length === 0, 240);
  expect(existsSync(`${folder}/atlas`)).toBe(false);
  const stopped = storeRenders(`${folder}/stores/1-of-3`).length;
  await submit();
  await until(async () => (await queued()).length === 0, 240);
  const logs = readdirSync(own.LOGS).map((file) => readFileSync(`${own.LOGS}/${file}`, 'utf8'));
  expect(logs.join('')).toContain(`/1-of-3: `);
  expect(logs.join('')).toContain(`, ${stopped} were there`);
  expect(logs.join('')).toMatch(/atlas: 52 pictures merged, 0 were there\n.*\n(.*\n)*.*: 0 pictures rendered, 52 were there/);
  expect((await atlas('run', plan, '--out', `${folder}/one`)).code).toBe(0);
  const pictures = (store: string) => Object.entries(storeHashes(store)).filter(([file]) => /^(images|layers|directions)\//.test(file));
  expect(pictures(`${folder}/atlas`)).toEqual(pictures(`${folder}/one`));
  expect((await verifyStore(`${folder}/atlas`)).findings).toEqual([]);
}, 900_000);
