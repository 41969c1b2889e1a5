/** kill -9 of a comparison, while evidence is gathered and while scores are written: nothing half written is believed, and the end is the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, expect, it } from 'vitest';
import { comparison as comparisonSchema, unitRecord } from '../../data/schema.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { compareAtlas } from '../../generator/compare/compare.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { plantedPlan } from './planted-network.ts';
import { LEAST, makePlanted, type PlantedStore } from './planted-store.ts';

const COMPARE = { frames: 19, images: { n: LEAST } };
let planted: PlantedStore;
/** Of a comparison that nobody disturbed. */
let undisturbed: Record<string, string>;
/** Units of the layer. */
let units: number;

beforeAll(async () => {
  planted = await makePlanted(['turned'], COMPARE);
  await writeFile(`${planted.root}/plan.json`, JSON.stringify(plantedPlan(`${planted.root}/net.onnx`, ['turned'], COMPARE)));
  await copy('store', 'rendered');
  units = (await recordsOf(`${planted.root}/rendered`)).length;
  await compareAtlas(planted.request);
  undisturbed = await filesOf(planted.request.folder);
});

const child = (folder: string, last = 0): ChildProcess =>
  spawn(process.execPath, [path.join(import.meta.dirname, 'compare-child.ts'), planted.root, folder, String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** Runs a child to its end; what it said, and whether it was killed. */
async function ended(process: ChildProcess, onLine: (line: string) => void = () => undefined) {
  const lines: string[] = [];
  process.stdout?.on('data', (data) => {
    for (const line of String(data).split('\n').filter(Boolean)) {
      lines.push(line);
      onLine(line);
    }
  });
  const [code, signal] = await once(process, 'close');
  expect(signal === 'SIGKILL' || code === 0, `ended with ${signal ?? code}`).toBe(true);
  return { lines, killed: signal === 'SIGKILL' };
}

const recordsOf = async (folder: string) =>
  (await readFile(`${folder}/layers/turned.jsonl`, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => unitRecord.parse(JSON.parse(line)));

/** Everything that a comparison writes, but for its date. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const files = await glob(['comparison.json', 'evidence/**', 'layers/*'], { cwd: folder, dot: true });
  const texts = files
    .sort()
    .map(async (file) => [file, (await readFile(`${folder}/${file}`, 'latin1')).replace(/"(created|digest)": ".*"/g, '')]);
  return Object.fromEntries(await Promise.all(texts));
}

/** What a kill leaves: parts that the index names are whole, records are all there, the comparison is whole or not there. */
async function expectWhole(folder: string): Promise<void> {
  const index = await readFile(`${folder}/evidence/index.json`, 'utf8').catch(() => '{"parts":{}}');
  for (const { file, sha256 } of Object.values<{ file: string; sha256: string }>(JSON.parse(index).parts)) {
    const bytes = await readFile(`${folder}/evidence/${file}`);
    expect(createHash('sha256').update(bytes).digest('hex'), file).toBe(sha256);
  }
  expect(await recordsOf(folder)).toHaveLength(units);
  const text = await readFile(`${folder}/comparison.json`, 'utf8').catch(() => undefined);
  if (text !== undefined) comparisonSchema.parse(JSON.parse(text));
}

/** Run again, it is the comparison that nobody disturbed. */
async function expectTheEnd(folder: string): Promise<void> {
  await compareAtlas({ ...planted.request, folder });
  expect(await filesOf(folder)).toEqual(undisturbed);
  expect((await verifyStore(folder)).findings).toEqual([]);
}

const copy = (from: string, to: string) => cp(`${planted.root}/${from}`, `${planted.root}/${to}`, { recursive: true });

it('while evidence is gathered: at random calls to the disk, and at random moments of its stages', async () => {
  const folder = `${planted.root}/gathering`;
  await copy('rendered', 'gathering');
  const stages = new Set<string>();
  for (let kills = 0; kills < 6; ) {
    const byTime = kills % 2 === 1;
    // Sixteen calls to a part: two files, each opened and renamed, its folder opened to be flushed, and about each of them.
    const running = child(folder, byTime ? 0 : 1 + Math.floor(Math.random() * 40));
    let timer: NodeJS.Timeout | undefined;
    const { lines, killed } = await ended(running, () => {
      if (byTime) timer ??= setTimeout(() => running.kill('SIGKILL'), Math.random() * 400);
    });
    clearTimeout(timer);
    await expectWhole(folder);
    for (const line of lines) stages.add(line);
    if (killed) kills++;
    else await rm(`${folder}/evidence`, { recursive: true });
  }
  expect(stages.size).toBeGreaterThan(1);
  await expectTheEnd(folder);
});

it('while scores are written: before and after random calls to the disk, from the first record to comparison.json', async () => {
  await copy('rendered', 'judged');
  await copy('store/evidence', 'judged/evidence');
  await copy('judged', 'counted');
  const { lines } = await ended(child(`${planted.root}/counted`));
  const calls = Number(lines.at(-1));
  expect(calls).toBeGreaterThan(11);
  for (const at of new RandomStream('kill', Date.now()).permutation(calls).slice(0, 5)) {
    await copy('judged', `written-${at}`);
    const folder = `${planted.root}/written-${at}`;
    expect((await ended(child(folder, at + 1))).killed, `call ${at + 1} of ${calls}`).toBe(true);
    await expectWhole(folder);
    await expectTheEnd(folder);
  }
});
