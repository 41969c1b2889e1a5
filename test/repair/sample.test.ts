/** `atlas verify --sample`: pictures that are whole and wrong are found by rendering some again. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PlanFile, UnitRecord } from '../../data/schema.ts';
import { recordLines } from '../../generator/batch/journal.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { encodePicture } from '../../generator/batch/picture.ts';
import { pictureDistance, SAME_PICTURE } from '../../generator/batch/picture-distance.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { imageFile, Store } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { chanceOfFinding, drawSample, sampleAtlas } from '../../generator/repair/sample.ts';
import { atlas } from '../end-to-end/command.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

describe('a sample', () => {
  it('is spread over the row, each place as likely as any other', () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const drawn = drawSample(23, 5, new RandomStream(seed, 'test'));
      expect(new Set(drawn).size).toBe(drawn.length);
      for (const [i, place] of drawn.entries()) if (drawn.length === 5) expect(Math.abs(place - (i * 23) / 5)).toBeLessThan(23 / 5);
      for (const place of drawn) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    // A place is drawn with 5/23, at borders of two pieces a little less: twice is once.
    for (let place = 0; place < 23; place++) expect(Math.abs((counts.get(place) ?? 0) / 4000 - 5 / 23), `${place}`).toBeLessThan(0.035);
    expect(drawSample(3, 30, new RandomStream(1, 'test'))).toEqual([0, 1, 2]);
    expect(drawSample(0, 30, new RandomStream(1, 'test'))).toEqual([]);
  });

  it('misses a share of wrong pictures no oftener than is said, however they lie', () => {
    const layouts: Record<string, (place: number) => boolean> = {
      together: (place) => place < 20,
      spread: (place) => place % 10 === 3,
      'at two ends': (place) => place < 10 || place >= 190,
    };
    for (const [name, isWrong] of Object.entries(layouts)) {
      let found = 0;
      for (let seed = 0; seed < 3000; seed++) if (drawSample(200, 30, new RandomStream(seed, name)).some(isWrong)) found++;
      expect(found / 3000, name).toBeGreaterThan(chanceOfFinding(0.1, 30) - 0.012);
    }
    expect(chanceOfFinding(0.1, 30)).toBeCloseTo(0.958, 3);
    expect(chanceOfFinding(0.01, 300)).toBeCloseTo(0.951, 3);
  });
});

async function readUnits(file: string): Promise<UnitRecord[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('on the default model', () => {
  const PLAN: PlanFile = {
    atlas: 'sampled',
    model: 'coco-ssd-mobilenet-v2',
    layers: ['expanded-conv-6-expand'],
    arms: { basis: 4, random: 2 },
    seeds: { count: 1, subset: 0 },
    diverse: { count: 2, subset: 1 },
    render: { size: 32, steps: 16 },
  };
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder('sample');
  });
  const runtime = { device: 'cpu' as const };
  const render = () => runPlan({ plan: checkPlan(PLAN, 'plan.json'), folder, engine: openEngine(), runtime });

  it('finds nothing wrong with a store as it was made, to the byte, and every wrong picture of one with others in their place', async (context) => {
    await defaultModel(context);
    await render();
    const request = { folder, size: 100, seed: 1, engine: openEngine(), runtime };
    const clean = await sampleAtlas(request);
    expect(clean).toMatchObject({ of: 10, findings: [] });
    expect(clean.pictures.map(({ verdict }) => verdict)).toEqual(Array(10).fill('same'));

    // Two units have each other's pictures, one has a picture of nothing, one says that it is of another recipe.
    const file = `${folder}/layers/expanded-conv-6-expand.jsonl`;
    const records = await readUnits(file);
    const store = await Store.open(folder);
    const noise = await store.putImage(await encodePicture(new Uint8Array(32 * 32 * 3).fill(255), 32));
    const images = records.map(({ renders }) => renders[0].image);
    const put = (i: number, change: object) => {
      records[i] = { ...records[i], renders: [{ ...records[i].renders[0], ...change }] };
    };
    put(0, { image: images[1] });
    put(1, { image: images[0] });
    put(2, { image: noise });
    put(4, { key: '1'.repeat(64) });
    await writeFile(file, recordLines(records));
    expect((await verifyStore(folder)).findings.filter(({ problem }) => !problem.includes('named by no record'))).toEqual([]);
    const { pictures, findings } = await sampleAtlas(request);
    const wrong = pictures.filter(({ verdict }) => verdict !== 'same');
    expect(wrong.map(({ unit, verdict }) => `${unit} ${verdict}`)).toEqual([
      ...['channel-0 other picture', 'channel-1 other picture', 'channel-2 other picture', 'random-0 other recipe'],
    ]);
    expect(findings).toHaveLength(4);

    const { code, stdout } = await atlas('verify', folder, '--sample', '30', '--seed', '3', '--device', 'cpu');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /10 of 10 pictures rendered again \(--seed 3\): 6 the same to the byte, 4 wrong\n {2}If 25\.9 % .* 95 %; if 10 %, with 65 %/,
    );
    expect(stdout).toContain('expanded-conv-6-expand channel-0, seed 0: is another picture: ');
  }, 200_000);

  it('tells a right picture that is far from what is rendered from a wrong one that is nearer, by what it excites', async (context) => {
    await defaultModel(context);
    const engine = openEngine();
    await runPlan({
      plan: checkPlan({ ...PLAN, seeds: { count: 2, subset: 4 }, diverse: undefined }, 'plan.json'),
      folder,
      engine,
      runtime,
    });
    const file = `${folder}/layers/expanded-conv-6-expand.jsonl`;
    const records = await readUnits(file);
    const [channel3, random0] = ['channel-3', 'random-0'].map((id) => records.findIndex((record) => record.id === id));
    const [first, second] = records[random0].renders.map(({ image }) => image);
    // A picture of random-0 from another start stands for one that rounding has moved; channel-3 has random-0's.
    const publish = (i: number, image: typeof first) => {
      const { renders, ...record } = records[i];
      records[i] = { ...record, renders: [{ ...renders[0], image }, ...renders.slice(1)] };
    };
    publish(random0, second);
    publish(channel3, first);
    await writeFile(file, recordLines(records));
    const { pictures } = await sampleAtlas({ folder, size: 100, seed: 1, engine, runtime });
    const moved = pictures.filter(({ verdict }) => verdict !== 'same');
    expect(moved.map(({ unit, seed, verdict }) => `${unit} ${seed} ${verdict}`)).toEqual(['channel-3 0 other picture', 'random-0 0 near']);
    // By distance alone it is the other way round.
    expect(moved[0].distance).toBeLessThan(moved[1].distance ?? 0);
    expect(moved[1].distance).toBeLessThan(SAME_PICTURE.largest);
    const [own, like] = [second, records[0].renders[0].image].map((image) => path.join(folder, imageFile(image ?? '')));
    expect(await pictureDistance(like, path.join(folder, imageFile(first ?? '')))).toBeLessThan(
      await pictureDistance(own, path.join(folder, imageFile(first ?? ''))),
    );
  }, 200_000);
});
