/** Faults of one machine, each in a real process: killed at any call to the disk, a full disk, a read-only one, a clock that jumps, a second command. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { RandomStream } from '../../generator/render/random.ts';
import { checkAtlas } from '../../generator/repair/check-atlas.ts';
import { missing } from '../requires.ts';
import { makeWholeAtlas, type WholeAtlas } from './whole-atlas.ts';

const CHILD = path.join(import.meta.dirname, 'fault-child.ts');
const CLI = path.resolve(import.meta.dirname, '..', '..', 'generator', 'cli.ts');
let whole: WholeAtlas;
beforeAll(async () => {
  whole = await makeWholeAtlas();
}, 400_000);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly calls: number;
}

interface Fault {
  at?: number;
  how?: string;
  jumps?: boolean;
}

async function give(fault: Fault, args: readonly string[], atlases: string): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(fault), ...args], {
    env: { ...process.env, ATLAS_DATA: atlases },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const text = { stderr: '', calls: '' };
  child.stdio[2]?.on('data', (data) => {
    text.stderr += String(data);
  });
  child.stdio[3]?.on('data', (data) => {
    text.calls += String(data);
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stderr: text.stderr, calls: Number(text.calls) };
}

/** The hash of every file, by path; without the times that two of them tell, and their digests. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const files = (await glob('**/*', { cwd: folder, dot: true })).sort();
  const texts = files.map(async (file) => {
    const bytes = await readFile(`${folder}/${file}`);
    const told = /(^|\/)(atlas|comparison)\.json$/.test(file) ? bytes.toString().replace(/"(created|digest)": ".*"/g, '') : bytes;
    return [file, createHash('sha256').update(told).digest('hex')];
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** A copy of the folder of atlases, as it is before a command: without what that makes. */
async function before(command: string, name: string): Promise<{ atlases: string; store: string; ledger: string }> {
  const atlases = `${whole.root}/${name}`;
  await rm(atlases, { recursive: true, force: true });
  await cp(`${whole.root}/atlases`, atlases, { recursive: true });
  const [store, ledger] = [`${atlases}/planted`, `${atlases}/ledger.jsonl`];
  if (command === 'portray') for (const file of ['portraits', 'map.json']) await rm(`${store}/${file}`, { recursive: true });
  if (command === 'publish') for (const file of [`${store}/editions`, ledger]) await rm(file, { recursive: true });
  if (command === 'compare') await rm(`${store}/comparison.json`);
  if (command === 'repair') {
    const [picture] = (await glob('images/**', { cwd: store })).sort();
    const [first] = (await readFile(`${store}/layers/turned.jsonl`, 'utf8')).split('\n').map((line) => JSON.parse(line || '{}'));
    const { image } = first.renders[0];
    for (const file of [`images/${image.slice(0, 2)}/${image}.webp`, 'directions/turned.f32']) await rm(`${store}/${file}`);
    await cp(`${store}/${picture}`, `${store}/images/stray.webp`);
  }
  return { atlases, store, ledger };
}

const line = (command: string, store: string): string[] => {
  if (command === 'publish') return ['publish', 'planted'];
  const runtime = ['--device', 'cpu', '--threads', '1'];
  return command === 'repair' ? ['repair', store, ...runtime] : [command, whole.plan, '--out', store, ...runtime];
};

const COMMANDS = ['compare', 'portray', 'publish', 'repair'] as const;
const KILLS = 4;

/** What a command ends with where nothing disturbs it, and after how many calls that such a fault can meet. */
async function undisturbed(command: string, how: string): Promise<{ calls: number; store: Record<string, string>; ledger: string }> {
  const { atlases, store, ledger } = await before(command, `${command}-undisturbed`);
  const { code, stderr, calls } = await give({ how }, line(command, store), atlases);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { calls, store: await hashes(store), ledger: await readFile(ledger, 'utf8') };
}

describe.each(COMMANDS)('%s', (command) => {
  it.each([
    ['kill', 'random calls'],
    ['ENOSPC', 'every call'],
  ])('that meets %s at %s to the disk leaves nothing that is believed and wrong, and given again ends as if nothing had been', async (how) => {
    const end = await undisturbed(command, how);
    expect(end.calls).toBeGreaterThan(3);
    const random = new RandomStream('faults', command, how, Date.now());
    const places = how === 'kill' ? KILLS : end.calls;
    for (let place = 1; place <= places; place++) {
      const at = how === 'kill' ? 1 + random.below(end.calls) : place;
      const name = `${command}, ${how} at call ${at} of ${end.calls}`;
      const { atlases, store, ledger } = await before(command, `${command}-${how}`);
      const disturbed = await give({ at, how }, line(command, store), atlases);
      if (how === 'kill') expect(disturbed.signal, name).toBe('SIGKILL');
      else {
        expect(disturbed, name).toMatchObject({ code: 1 });
        expect(disturbed.stderr, name).toMatch(
          /expected room on the disk for \S+, received "ENOSPC.*\nFree some space and run the same command again/,
        );
        expect(await glob('**/*.tmp', { cwd: atlases, dot: true }), name).toEqual([]);
      }
      // Nothing is found that this very command does not set right.
      const again = await give({}, line(command, store), atlases);
      expect(again, `${name}: ${again.stderr}`).toMatchObject({ code: 0 });
      expect((await checkAtlas(store, ledger)).findings, name).toEqual([]);
      expect(await hashes(store), name).toEqual(end.store);
      const today = /"when":"[^"]*"|"digest":"[^"]*"/g;
      expect((await readFile(ledger, 'utf8')).replace(today, ''), name).toBe(end.ledger.replace(today, ''));
    }
  }, 400_000);
});

it('a clock that jumps by years at every question changes nothing but the dates', async () => {
  const plan = JSON.parse(await readFile(whole.plan, 'utf8'));
  expect(plan.seeds.count).toBe(3);
  const [calm, wild] = [`${whole.root}/calm`, `${whole.root}/wild`];
  for (const [store, jumps] of [
    [calm, false],
    [wild, true],
  ] as const)
    for (const command of ['render', 'compare']) {
      const { code, stderr } = await give({ jumps }, line(command, store), whole.root);
      expect({ code, stderr }, command).toMatchObject({ code: 0 });
    }
  expect(await hashes(wild)).toEqual(await hashes(calm));
  expect((await checkAtlas(wild, `${whole.root}/none.jsonl`)).findings).toEqual([]);
}, 400_000);

/** A folder with a disk of its own in a process of its own; skips where nobody may mount one. */
async function onOwnDisk(
  context: TestContext,
  script: string,
  env: Record<string, string>,
): Promise<{ code: number | null; text: string }> {
  const inside = (text: string) =>
    spawn('unshare', [...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount', 'bash', '-c', text], {
      env: { ...process.env, ...env, NODE: process.execPath, CLI },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const run = async (text: string) => {
    const child = inside(text);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += String(data);
      });
    const [code] = await once(child, 'close').catch(() => [-1]);
    return { code, text: output };
  };
  const probe = await run('mount -t tmpfs tmpfs /mnt');
  if (probe.code !== 0) return missing(context, `no disk of one's own can be mounted here (${probe.text.trim().split('\n')[0]})`);
  return run(script);
}

it('a disk that is full stops a run with one error; with room again it goes on, and ends as an undisturbed one', async (context) => {
  const [disk, calm] = [`${whole.root}/disk`, `${whole.root}/full-undisturbed`];
  const script = `
    set -u; mkdir -p "$DISK" && mount -t tmpfs -o size=300k tmpfs "$DISK"
    $NODE $CLI render "$PLAN" --out "$DISK/store" --device cpu --threads 1 2>&1 >/dev/null; echo "code $?"
    find "$DISK" -name '*.tmp'
    mount -o remount,size=64m "$DISK"
    $NODE $CLI render "$PLAN" --out "$DISK/store" --device cpu --threads 1 >/dev/null 2>&1; echo "code $?"
    cp -a "$DISK/store" "$OUT"`;
  const { text } = await onOwnDisk(context, script, { DISK: disk, PLAN: whole.plan, OUT: `${whole.root}/full` });
  expect(text).toMatch(/expected room on the disk for (images|layers)\/\S+, received "ENOSPC/);
  expect(text).toMatch(/code 1\ncode 0\n$/);
  expect((await give({}, line('render', calm), whole.root)).code).toBe(0);
  expect(await hashes(`${whole.root}/full`)).toEqual(await hashes(calm));
}, 400_000);

it('a read-only store can be verified, and nothing else; each command says so in one error and changes nothing', async (context) => {
  const { store, atlases } = await before('repair', 'read-only');
  const end = await hashes(store);
  const commands = ['render', 'compare', 'portray', 'repair', 'publish'].map((command) => line(command, store));
  const script = `
    mount --bind "$ATLASES" "$ATLASES" && mount -o remount,ro,bind "$ATLASES"
    ${commands.map((args) => `$NODE $CLI ${args.map((one) => `'${one}'`).join(' ')} 2>&1 >/dev/null; echo "code $?"`).join('\n')}
    $NODE $CLI verify '${store}' >/dev/null 2>&1; echo "verified $?"`;
  const { text } = await onOwnDisk(context, script, { ATLASES: atlases, ATLAS_DATA: atlases });
  expect(text.match(/EROFS/g)?.length, text).toBeGreaterThanOrEqual(4);
  expect(text.match(/^code \d+$/gm)).toEqual(Array(5).fill('code 1'));
  expect(text).not.toContain('This is a bug');
  expect(text).toContain('verified 1');
  expect(await hashes(store)).toEqual(end);
}, 400_000);

it('a second command on a store that is at work names the process and the machine, exits with 1 and writes nothing', async () => {
  const { store, atlases } = await before('repair', 'locked');
  const holder = spawn(process.execPath, [
    ...['--input-type=module', '-e'],
    `import { withLock } from '${path.resolve(import.meta.dirname, '../../generator/batch/lock.ts')}';
     await withLock('${store}', () => new Promise((resolve) => { console.log('held'); setTimeout(resolve, 600_000); }));`,
  ]);
  try {
    await once(holder.stdout, 'data');
    const end = await hashes(store);
    for (const command of ['run', 'compare', 'portray', 'repair']) {
      const { code, stderr } = await give({}, line(command, store), atlases);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toContain(
        `expected one writer at a time for run.lock, received "process ${holder.pid} on ${hostname()}, which is at work"\nWait for it to end.`,
      );
    }
    expect(await hashes(store)).toEqual(end);
  } finally {
    holder.kill('SIGKILL');
  }
}, 200_000);
