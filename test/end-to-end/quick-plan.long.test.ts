/** The main job as a newcomer runs it, into a folder of its own: the quick plan rendered, compared, verified, and its site built. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { comparison } from '../../data/schema.ts';
import { readLines } from '../../generator/batch/journal.ts';
import { readAtlas } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { buildSite } from '../browser/build-site.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');
const home = temporaryFolder('quick');

test('the quick plan gives an atlas of every channel and 64 random directions of three layers, compared, and a site', async (context) => {
  await defaultModel(context);
  const folder = path.join(home, 'coco-ssd-mobilenet-v2-quick');
  const command = ['generator/cli.ts', 'run', 'data/plans/quick.json', '--out', folder];
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: PROJECT, encoding: 'utf8' });
  expect(stderr).toMatch(/^(auto: .+ — using .+\n)?$/);
  expect(status).toBe(0);

  expect((await verifyStore(folder)).findings).toEqual([]);
  const atlas = await readAtlas(folder);
  expect(atlas?.complete).toBe(true);
  expect(atlas?.layers.length).toBeGreaterThanOrEqual(3);
  expect(new Set(atlas?.layers.map(({ receptive_field }) => receptive_field)).size).toBe(atlas?.layers.length);
  expect(atlas?.layers.map(({ tap }) => tap)).toContain('linear');
  for (const { slug, shape } of atlas?.layers ?? []) {
    const { lines } = readLines(await readFile(path.join(folder, 'layers', `${slug}.jsonl`)), slug);
    const of = (arm: string) => lines.filter((unit) => unit.arm === arm);
    expect(of('basis').map(({ index }) => index)).toEqual(Array.from({ length: shape[0] }, (_, i) => i));
    expect(of('random').length).toBeGreaterThanOrEqual(64);
    for (const { measures } of lines) expect(Number.isFinite(measures?.attainment)).toBe(true);
  }
  const { layers } = comparison.parse(JSON.parse(await readFile(path.join(folder, 'comparison.json'), 'utf8')));
  for (const { results } of layers) {
    expect(results[0]).toMatchObject({ metric: 'natural-2afc', role: 'headline', armA: 'basis', armB: 'random', B: 199 });
    const metrics = results.map(({ metric }) => metric);
    expect(metrics).toEqual(expect.arrayContaining(['synthetic-2afc', 'render-identity', 'dissection', 'attainment', 'robustness']));
  }

  const { dist } = await buildSite(home, { base: '/' });
  expect(existsSync(path.join(dist, 'coco-ssd-mobilenet-v2-quick', 'compare', 'index.html'))).toBe(true);
  await rm(dist, { recursive: true, force: true });
});
