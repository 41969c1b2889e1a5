/** `atlas render --unit`: a unit rendered again and compared, as a user meets it. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import glob from 'fast-glob';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parseSealed, type UnitRecord } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { readLines } from '../../generator/batch/journal.ts';
import { pictureDistance, SAME_PICTURE } from '../../generator/batch/picture-distance.ts';
import { imageFile } from '../../generator/batch/store.ts';
import { main } from '../../generator/cli/program.ts';
import { parseAddress } from '../../generator/cli/render-unit-address.ts';
import { atlas, type Outcome, writeTinyModel, writeTinyPlan } from '../end-to-end/command.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

/** Runs a command in this process, which spares it the start of another. */
async function command(...args: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await main(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}

const CLI = path.resolve(import.meta.dirname, '..', '..', 'generator', 'cli.ts');
const scratch = temporaryFolder('render-unit');

describe('an address', () => {
  const PARTS = { atlas: 'some-atlas', layer: 'conv-1', unit: 'channel-42-negative' };

  it.each([
    'some-atlas/conv-1/channel-42-negative',
    '/some-atlas/conv-1/channel-42-negative/',
    'https://example.org/some-atlas/conv-1/channel-42-negative/',
    'https://example.org:8080/base/of/site/some-atlas/conv-1/channel-42-negative/index.html#weights',
    '/base/some-atlas/conv-1/channel-42-negative/edition-2/',
    'some-atlas/conv-1/channel-42-negative/unit.json',
  ])('%s', (text) => {
    expect(parseAddress(text)).toEqual(PARTS);
  });

  it('may have a seed', () => {
    expect(parseAddress('https://example.org/some-atlas/conv-1/channel-42-negative/?size=2&seed=13')).toEqual({ ...PARTS, seed: 13 });
  });

  it('has three parts', () => {
    expect(() => parseAddress('https://example.org/conv-1/channel-42/')).toThrow(
      'atlas render: expected an address <atlas>/<layer>/<unit> for --unit, received "https://example.org/conv-1/channel-42/"',
    );
  });
});

describe('the distance of two pictures', () => {
  const plain = (value: number, alpha = 1, width = 32) =>
    sharp({ create: { width, height: 32, channels: 4, background: { r: value, g: value, b: value, alpha } } })
      .png()
      .toBuffer();

  it('is the mean difference of their values, over grey where they are transparent', async () => {
    expect(await pictureDistance(await plain(90), await plain(90))).toBe(0);
    expect(await pictureDistance(await plain(0), await plain(255))).toBe(255);
    expect(await pictureDistance(await plain(0, 0), await plain(128))).toBe(0);
  });

  it('does not see what is finer than two pixels', async () => {
    const checks = (phase: number) => Uint8Array.from({ length: 32 * 32 }, (_, i) => (((i % 32) + (i >> 5) + phase) % 2) * 255);
    const picture = (phase: number) =>
      sharp(checks(phase), { raw: { width: 32, height: 32, channels: 1 } })
        .png()
        .toBuffer();
    expect(await pictureDistance(await picture(0), await picture(1))).toBeLessThan(5);
  });

  it('is refused where they have not one size', async () => {
    await expect(pictureDistance(await plain(0), await plain(0, 1, 16))).rejects.toThrow('expected as many values as the first has, 3072');
  });
});

describe('on a tiny atlas', () => {
  const data = path.join(scratch, 'data');
  const store = path.join(data, 'tiny');
  const records = path.join(store, 'layers', 'first.jsonl');
  let number = 0;
  const again = (address: string, ...options: string[]) =>
    command('render', '--unit', address, '--data', data, '--device', 'cpu', '--out', path.join(scratch, `${++number}.webp`), ...options);

  beforeAll(async () => {
    await mkdir(data);
    const terms = { from: { channel: 1 }, to: { channel: 4 } };
    const plan = await writeTinyPlan(await writeTinyModel(), {
      layers: [
        {
          layer: 'net/first/Conv2D',
          units: [
            { id: 'both', joint: [{ channel: 0 }, { channel: 2, weight: -0.5 }] },
            { id: 'way', interpolate: { ...terms, pictures: 3 } },
          ],
        },
        'net/second/Conv2D',
      ],
      arms: { basis: 'every', 'basis-negative': 2, random: 8 },
      diverse: { count: 2, subset: 1 },
      frames: 4,
      render: { size: 32, steps: 8 },
    });
    const { code, stderr } = await command('render', plan, '--out', store, '--device', 'cpu');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }, 240_000);

  it.each([
    ['a channel', 'tiny/first/channel-3', []],
    ['a negative', 'tiny/first/channel-1-negative', []],
    ['a random direction behind a full frame', 'tiny/first/random-7', []],
    ['a sum of channels', 'tiny/first/both', []],
    ['a picture on the way from one channel to another', 'tiny/first/way?seed=1', ['--seed', '2']],
  ])('%s comes out with the bytes of its record', async (_, address, options) => {
    const { code, stdout, stderr } = await again(address, '--compare', '--json', ...options);
    expect(stderr).not.toContain('expected');
    const { file, sha256: hash, seed, score, comparison } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(seed).toBe(Number(options[1] ?? 0));
    expect(sha256(await readFile(file))).toBe(hash);
    expect(comparison).toMatchObject({ same_recipe: true, same_bytes: true, distance: 0, same_picture: true, bound: SAME_PICTURE.largest });
    expect(comparison.published).toMatchObject({ sha256: hash, score });
    expect(comparison.other_units).toBeGreaterThan(0);
  });

  it('one of the pictures of a group that were driven apart comes out with the bytes of its record', async () => {
    const { lines } = readLines(await readFile(path.join(store, 'layers', 'second.jsonl')), 'second');
    const { id, diverse = [] } = lines.find((record) => record.arm === 'random' && record.diverse !== undefined) ?? lines[0];
    expect(diverse).toHaveLength(2);
    const [, { seed, image }] = diverse;
    const { code, stdout } = await again(`tiny/second/${id}`, '--compare', '--json', '--diverse', '--seed', String(seed));
    expect(JSON.parse(stdout)).toMatchObject({ seed, sha256: image, comparison: { same_recipe: true, same_bytes: true } });
    expect(code).toBe(0);
  });

  it('says it to people, and leaves the store as it was', async () => {
    const before = await glob('**/*', { cwd: data, stats: true });
    const { code, stdout } = await again('https://example.org/base/tiny/first/channel-3/', '--compare');
    expect(stdout).toMatch(
      /^tiny\/first\/channel-3, seed 0: .+\.webp\nbytes {5}the same as published, sha256 [0-9a-f]{64}\ndistance {2}0\.0 of 255/m,
    );
    expect(stdout).toMatch(/score {5}(-?[\d.]+) then, \1 now\nsoftware {2}(atlas .+) then\n {10}\2 now\n/);
    expect(stdout).toMatch(/It is the same picture, to the last byte\.\n$/);
    expect(code).toBe(0);
    const state = (files: typeof before) => files.map(({ path: file, stats }) => `${file} ${stats?.size} ${stats?.mtimeMs}`).sort();
    expect(state(await glob('**/*', { cwd: data, stats: true }))).toEqual(state(before));
  });

  it('writes <unit>-<seed>.webp into the current folder where nothing else is said', async () => {
    const args = [CLI, 'render', '--unit', 'tiny/first/random-0', '--data', data, '--device', 'cpu'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: scratch });
    expect(stdout).toMatch(/^tiny\/first\/random-0, seed 0: random-0-0\.webp\nsha256 {4}([0-9a-f]{64})\nscore/m);
    expect(sha256(await readFile(path.join(scratch, 'random-0-0.webp')))).toBe(/[0-9a-f]{64}/.exec(stdout)?.[0]);
  });

  it('another picture in the store ends with exit code 1, the picture written all the same', async () => {
    const white = await sharp({ create: { width: 32, height: 32, channels: 3, background: 'white' } })
      .webp()
      .toBuffer();
    const image = imageFile(sha256(white));
    await mkdir(path.dirname(path.join(store, image)), { recursive: true });
    await writeFile(path.join(store, image), white);
    const text = await readFile(records, 'utf8');
    const forged = text.split('\n').map((line) => {
      if (!line.startsWith('{"id":"channel-5"')) return line;
      const record = parseSealed(line) as UnitRecord;
      return JSON.stringify({
        ...record,
        renders: record.renders.map((render) => ({ ...render, key: '0'.repeat(64), image: sha256(white) })),
      });
    });
    expect(forged.join('\n')).not.toBe(text);
    await writeFile(records, forged.join('\n'));
    try {
      const { code, stdout } = await again('tiny/first/channel-5', '--compare');
      expect(stdout).toContain('bytes     not those published');
      expect(stdout).toContain('recipe    another than then');
      expect(stdout).toMatch(/It is another picture: \d+\.\d is beyond 45\.\n$/);
      expect(code).toBe(1);
      expect((await sharp(path.join(scratch, `${number}.webp`)).metadata()).width).toBe(32);
    } finally {
      await writeFile(records, text);
    }
  });

  it.each([
    [['--unit', 'tinny/first/channel-3'], 'expected the name of one of its atlases for the atlas, received "tinny"\nNearest: tiny.'],
    [['--unit', 'tiny/fist/channel-3'], 'for the layer, received "fist"\nNearest: first, second.'],
    [['--unit', 'tiny/first/chanel-3'], 'for the unit, received "chanel-3"\nNearest: channel-3, '],
    [['--unit', 'tiny/first/channel-5', '--seed', '7'], 'expected one of 0'],
    [
      ['--unit', 'tiny/first/both', '--diverse'],
      'first, diverse pictures: expected the name of one of its units for the unit, received "both"',
    ],
    [
      ['--unit', 'tiny/first/channel-5', '--out', path.join(store, 'images', 'x.webp')],
      'expected a file outside the folder of atlases for --out',
    ],
    [['plan.json', '--unit', 'tiny/first/channel-5'], 'expected no plan for --unit, received "plan.json"'],
    [['--compare'], 'expected --unit <address> for --compare, received nothing'],
    [['--unit', 'tiny/first/channel-5', '--seed', '-1'], "option '--seed <number>' argument '-1' is invalid. expected a whole number."],
  ])('%j is wrong usage, and nothing is rendered', async (args, text) => {
    const { code, stdout, stderr } = await command('render', ...args, '--data', data);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('on the committed atlas', () => {
  it('a unit is rendered again within the bound', async (context) => {
    await defaultModel(context);
    const out = path.join(scratch, 'committed.webp');
    const { code, stdout } = await atlas(
      ...['render', '--unit', 'coco-ssd-mobilenet-v2/expanded-conv-6-expand/channel-42', '--compare', '--json', '--out', out],
    );
    const { comparison, score } = JSON.parse(stdout);
    expect(comparison.same_picture).toBe(true);
    expect(comparison.distance).toBeLessThan(SAME_PICTURE.largest);
    // What the bound is to tell it from.
    expect(comparison.other_units).toBeGreaterThan(SAME_PICTURE.largest);
    expect(Math.abs(Math.log(score / comparison.published.score))).toBeLessThan(0.25);
    expect(code).toBe(0);
  }, 60_000);
});
