/** Plans: what passes, and what is said of what does not. */
import { readFile, writeFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../generator/batch/canonical.ts';
import { checkPlan, planHash, planJsonSchema, readPlan } from '../../generator/batch/plan.ts';
import { temporaryFolder } from '../temporary.ts';

const GOOD = { atlas: 'a', model: 'm', layers: ['x'], arms: { basis: 'every', random: 4 } };
const mistake = (change: object) => {
  try {
    checkPlan({ ...GOOD, ...change }, 'plans/p.json');
  } catch (error) {
    return error as Error & { exitCode: number };
  }
  throw new Error('the plan passed');
};

describe('a plan', () => {
  it('is filled in with its defaults', () => {
    expect(checkPlan(GOOD, 'p.json').plan).toMatchObject({
      seeds: { count: 3, subset: 32 },
      frames: 6,
      render: { preset: 'atlas' },
      seed: 0,
    });
  });

  it('has one hash however it is spelt, and another when anything in it changes', () => {
    const hash = checkPlan(GOOD, 'p.json').sha256;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(checkPlan({ seed: 0, ...GOOD, $schema: './plan.schema.json' }, 'q.json').sha256).toBe(hash);
    expect(checkPlan({ ...GOOD, seed: 1 }, 'p.json').sha256).not.toBe(hash);
    expect(planHash(checkPlan(GOOD, 'p.json').plan)).toBe(hash);
  });

  it('is described for editors by the committed JSON schema', async () => {
    expect(JSON.parse(await readFile('data/plans/plan.schema.json', 'utf8'))).toEqual(planJsonSchema());
  });

  it('passes, if it is one of those that come with the project', async () => {
    const files = await glob('data/plans/*.json', { ignore: ['**/plan.schema.json'] });
    expect(files).toContain('data/plans/quick.json');
    for (const file of files) expect((await readPlan(file)).plan.layers.length).toBeGreaterThan(0);
  });
});

describe('a wrong plan', () => {
  it.each([
    [{ arms: { basis: 'every', random: 'x' } }, 'plans/p.json: expected a number for arms.random, received "x"'],
    [{ arms: { basis: 'every', random: -1 } }, 'plans/p.json: expected a number of at least 0 for arms.random, received -1'],
    [{ arms: { basis: 'all', random: 1 } }, 'plans/p.json: expected one of "every", or a number for arms.basis, received "all"'],
    [{ seeds: { count: 99, subset: 1 } }, 'plans/p.json: expected a number of at most 16 for seeds.count, received 99'],
    [{ render: { steps: 1.5 } }, 'plans/p.json: expected a whole number for render.steps, received 1.5'],
    [{ render: { preset: 'lucit' } }, 'plans/p.json: expected one of "atlas", "vivid", "lucid" for render.preset, received "lucit"'],
    [{ layers: [] }, 'plans/p.json: expected a list of a length of at least 1 for layers, received []'],
    [{ layers: ['x', 7] }, 'plans/p.json: expected a string, or an object for layers[1], received 7'],
    [
      { layers: [{ layer: 'x', render: { size: 3 } }] },
      'plans/p.json: expected a number of at least 16 for layers[0].render.size, received 3',
    ],
    [{ model: undefined }, 'plans/p.json: expected a string for model, received nothing'],
    [{ atlas: 'My Atlas' }, 'plans/p.json: expected lower-case words joined by hyphens for atlas, received "My Atlas"'],
  ])('%j is told where, what was expected and what was received', (change, text) => {
    expect(mistake(change).message.split('\n')[0]).toBe(text);
    expect(mistake(change).message).toContain('\nEvery field is described in data/plans/plan.schema.json');
    expect(mistake(change).exitCode).toBe(2);
  });

  it.each([
    [{ sseed: 2 }, 'sseed', 2, 'seed'],
    [{ render: { step: 10 } }, 'render.step', 10, 'steps'],
    [{ layers: [{ layer: 'x', rendr: {} }] }, 'layers[0].rendr', '{}', 'render'],
    [{ layers: [{ layre: 'x' }] }, 'layers[0].layre', '"x"', 'layer'],
  ])('%j is told the field it may have meant', (change, field, received, near) => {
    const { message } = mistake(change);
    expect(message).toMatch(/^plans\/p\.json: expected a known field \(.*\) for /);
    expect(message).toContain(` for ${field}, received ${received}\nThere is no such field; did you mean "${near}"?`);
  });

  it('that is not there, or is no JSON, is told so', async () => {
    const folder = temporaryFolder('plan');
    const file = `${folder}/p.json`;
    await expect(readPlan(file)).rejects.toThrow(`${file}: expected a readable file for the plan, received "ENOENT`);
    await writeFile(file, '{ "atlas": ');
    await expect(readPlan(file)).rejects.toThrow(`${file}: expected JSON for the plan, received `);
  });
});

it('canonical JSON sorts keys at every depth and keeps lists as they are', () => {
  expect(canonicalJson({ b: [{ d: 1, c: undefined }, 2], a: { z: null, y: 'ü' } })).toBe('{"a":{"y":"ü","z":null},"b":[{"d":1},2]}');
});
