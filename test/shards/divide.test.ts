/** Dividing plans: every picture once, the same everywhere, about as long each, and no batch or group cut without need. */
import { describe, expect, it } from 'vitest';
import type { PlanFile } from '../../data/schema.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { listBatches } from '../../generator/batch/render-layer.ts';
import { listTasks, listWork } from '../../generator/batch/work.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { type DividedPart, dividePictures } from '../../generator/shards/divide.ts';
import { parseShard } from '../../generator/shards/shard.ts';
import { shareOf } from '../../generator/shards/share.ts';
import { LAYERS, standInEngine, standInModel } from '../batch/stand-in-engine.ts';

const model = standInModel();

/** Parts of a plan for the stand-in, with costs by layer. */
function partsOf(plan: PlanFile, costs: Record<string, number> = {}): DividedPart[] {
  return listWork(checkPlan(plan, 'plan.json'), model, standInEngine()).flatMap((layer) =>
    [layer, ...(layer.diverse ? [layer.diverse] : [])].map((work) => ({
      work,
      tasks: listTasks(work, model),
      cost: costs[work.layer.slug] ?? 1,
    })),
  );
}

/** A plan nobody thought of: some layers in some order, arms, seeds, groups, steps. */
function randomPlan(random: RandomStream): PlanFile {
  const layers = [0, 1, 2].map((i) => LAYERS[(i + random.below(3)) % 3].slug);
  const count = 1 + random.below(4);
  return {
    atlas: 'any',
    model: 'stand-in',
    layers: [...new Set(layers)].map((layer) => ({ layer, render: { steps: 1 + random.below(9) } })),
    arms: {
      basis: random.below(2) === 0 ? 'every' : random.below(9),
      random: random.below(120),
      ...(random.below(2) ? { 'basis-negative': 'every' } : {}),
    },
    seeds: { count, subset: random.below(30) },
    ...(random.below(2) ? { diverse: { count: 2 + random.below(3), subset: 1 + random.below(6) } } : {}),
    seed: random.below(5),
  };
}

describe('any plan, in any number of parts', () => {
  it.each(
    Array.from({ length: 60 }, (_, i) => i),
  )('number %i: every picture has one part, and every part is as long as the mean but for a piece', (number) => {
    const random = new RandomStream('plans to divide', number);
    const costs = Object.fromEntries(LAYERS.map(({ slug }) => [slug, 0.2 + 5 * random.uniform()]));
    const parts = partsOf(randomPlan(random), costs);
    const of = 1 + random.below(12);
    const shards = dividePictures(parts, of);
    const keys = parts.flatMap(({ tasks }) => tasks.map(({ key }) => key));
    expect([...shards.keys()].sort()).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(keys.length);
    const loads = Array.from({ length: of }, () => 0);
    let [total, longest] = [0, 0];
    for (const {
      work: { settings },
      tasks,
      cost,
    } of parts)
      for (const { key } of tasks) {
        const index = shards.get(key) ?? 0;
        expect(index >= 1 && index <= of).toBe(true);
        loads[index - 1] += cost * settings.steps;
        total += cost * settings.steps;
        longest = Math.max(longest, cost * settings.steps * (settings.group?.pictures ?? 1));
      }
    expect(Math.max(...loads)).toBeLessThanOrEqual(Math.max(1.1 * (total / of), total / of + longest) + 1e-9);
    for (const {
      work: { settings },
      tasks,
    } of parts.filter(({ work }) => work.settings.group)) {
      const groups = Map.groupBy(tasks, ({ unit }) => unit.id);
      for (const group of groups.values()) {
        expect(group.length).toBe(settings.group?.pictures);
        expect(new Set(group.map(({ key }) => shards.get(key))).size).toBe(1);
      }
    }
  });
});

const LARGE: PlanFile = {
  atlas: 'large',
  model: 'stand-in',
  layers: ['early', { layer: 'bottleneck', render: { steps: 9 } }, 'late'],
  arms: { basis: 'every', random: 600 },
  seeds: { count: 3, subset: 64 },
};

it('is within a tenth of the mean where there are batches enough, without cutting one', () => {
  const costs = { early: 1, bottleneck: 3, late: 7.5 };
  const parts = partsOf(LARGE, costs);
  const shards = dividePictures(parts, 4);
  const loads = [0, 0, 0, 0];
  for (const { work, tasks, cost } of parts) {
    for (const { key } of tasks) loads[(shards.get(key) ?? 0) - 1] += cost * work.settings.steps;
    for (const batch of listBatches(tasks, 8)) expect(new Set(batch.map(({ key }) => shards.get(key))).size).toBe(1);
  }
  const mean = loads.reduce((sum, load) => sum + load, 0) / 4;
  expect(Math.max(...loads) / mean).toBeLessThan(1.02);
});

it('gives each part a stretch of the plan, so that it compiles few programs', () => {
  const parts = partsOf(LARGE);
  const shards = dividePictures(parts, 8);
  const inOrder = parts.flatMap(({ tasks }) => listBatches(tasks, 8).flat()).map(({ key }) => shards.get(key) ?? 0);
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  expect(new Set(inOrder)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
});

it('gives a layer that takes longer more parts', () => {
  const parts = partsOf(LARGE, { early: 1, bottleneck: 1, late: 20 });
  const shards = dividePictures(parts, 10);
  const partsTouched = parts.map(({ tasks }) => new Set(tasks.map(({ key }) => shards.get(key))).size);
  expect(partsTouched[2]).toBeGreaterThan(7);
  expect(partsTouched[0]).toBeLessThan(3);
});

it('depends on the plan and the number of parts alone', () => {
  const work = () => listWork(checkPlan(LARGE, 'plan.json'), model, standInEngine());
  const costs = { early: 1, bottleneck: 1, late: 1 };
  const shares = [1, 2, 3].map((index) => shareOf({ work: work(), model, costs }, { index, of: 3 }));
  expect(shares[0].shard).toEqual({ ...shareOf({ work: work(), model, costs }, { index: 1, of: 3 }).shard });
  expect(shares[0].shard.pictures).toEqual(shares[2].shard.pictures);
  const keys = work().flatMap((layer) => listTasks(layer, model).map(({ key }) => key));
  expect(keys.filter((key) => shares.filter(({ has }) => has(key)).length === 1).length).toBe(keys.length);
});

it.each(['0/4', '5/4', '1', '1/0', 'a/b', '1/4/2', '-1/4', '1/10001'])('refuses the shard "%s"', (text) => {
  expect(() => parseShard(text)).toThrow(
    /^--shard: expected i\/n, the i-th of n parts, from 1\/n to n\/n, and n up to 10,000, for the shard, received/,
  );
});

it('reads a shard', () => {
  expect(parseShard('7/10000')).toEqual({ index: 7, of: 10_000 });
});
