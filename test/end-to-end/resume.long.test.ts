/** `atlas render` with the real renderer, stopped and killed: nothing is lost, and the end is the same. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeHashes, storeRenders, untrueRenders } from '../batch/store-state.ts';
import { atlas, outcome, rendering, start, writeTinyModel, writeTinyPlan } from './command.ts';

const PICTURES = 6 + 6 + 9 + 5 + 5 + 9 + 6 * 2;
let folder: string;
let plan: string;
let undisturbed: Record<string, string>;

beforeAll(async () => {
  const model = await writeTinyModel();
  folder = path.dirname(model);
  plan = await writeTinyPlan(model);
  const { code, stdout, stderr } = await atlas('render', plan, '--out', `${folder}/undisturbed`);
  expect(stderr).toMatch(/^(auto: .+ — using .+\n)?$/);
  expect(code).toBe(0);
  expect(stdout).toContain(`${PICTURES} pictures rendered, 0 were there`);
  undisturbed = storeHashes(`${folder}/undisturbed`);
  expect(storeRenders(`${folder}/undisturbed`).filter(({ state }) => state === 'ok').length).toBeGreaterThan(PICTURES / 2);
});
afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

it('gives the same bytes for another batch size and another number of threads', async () => {
  expect((await atlas('render', plan, '--out', `${folder}/other`, '--batch', '3', '--threads', '1')).code).toBe(0);
  expect(storeHashes(`${folder}/other`)).toEqual(undisturbed);
});

it('survives kill -9 at random moments, ten times over', async () => {
  const store = `${folder}/killed`;
  let kills = 0;
  let recorded = 0;
  while (kills < 10) {
    const child = start('render', plan, '--out', store, '--batch', '2');
    await rendering(child);
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 150);
    const { code } = await outcome(child);
    if (code === null) kills++;
    expect(untrueRenders(store)).toEqual([]);
    const now = new Set(storeRenders(store).map(({ key }) => key)).size;
    expect(now).toBeGreaterThanOrEqual(recorded);
    recorded = now;
    if (code !== 0) continue;
    expect(storeHashes(store)).toEqual(undisturbed);
    await rm(store, { recursive: true });
    recorded = 0;
  }
  const { code, stdout } = await atlas('render', plan, '--out', store);
  expect(code).toBe(0);
  expect(stdout).toContain(`${PICTURES - recorded} pictures rendered, ${recorded} were there`);
  expect(storeHashes(store)).toEqual(undisturbed);
}, 180_000);

it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly at %s, says how to go on, and goes on', async (signal) => {
  const store = `${folder}/${signal}`;
  const child = start('render', plan, '--out', store, '--batch', '1');
  const ended = outcome(child);
  await rendering(child);
  child.kill(signal);
  const { code, stderr } = await ended;
  expect(stderr).toContain(`Stopped. To go on from there, give the same command again: npx atlas render ${plan} --out ${store}`);
  expect(code).toBe(130);
  expect(untrueRenders(store)).toEqual([]);
  expect(Object.keys(storeHashes(store)).filter((file) => file.endsWith('.lock') || file.endsWith('.tmp'))).toEqual([]);
  const kept = storeRenders(store).length;
  expect(kept).toBeLessThan(PICTURES);
  expect((await atlas('render', plan, '--out', store)).stdout).toContain(`${PICTURES - kept} pictures rendered, ${kept} were there`);
  expect(storeHashes(store)).toEqual(undisturbed);
});
