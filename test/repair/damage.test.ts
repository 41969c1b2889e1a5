/** What `atlas verify` finds and `atlas repair` makes again: a bit flipped anywhere, a file too few or too many, in a store with every kind of file. */
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { withoutDigests } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import type { Engine } from '../../generator/batch/engine.ts';
import { REPAIR } from '../../generator/batch/finding.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { checkAtlas } from '../../generator/repair/check-atlas.ts';
import { type Repaired, repairAtlas } from '../../generator/repair/repair.ts';
import { atlas } from '../end-to-end/command.ts';
import { makeWholeAtlas, type WholeAtlas } from './whole-atlas.ts';

let whole: WholeAtlas;
let before: Record<string, string>;
beforeAll(async () => {
  whole = await makeWholeAtlas();
  before = await hashes(whole.store);
}, 400_000);

async function hashes(folder: string): Promise<Record<string, string>> {
  const files = (await glob('**/*', { cwd: folder, dot: true })).sort();
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, sha256(await readFile(`${folder}/${file}`))])));
}

/** A copy to damage, beside its own ledger. */
async function copyAtlas(name: string): Promise<{ store: string; ledger: string }> {
  await cp(`${whole.root}/atlases`, `${whole.root}/${name}`, { recursive: true });
  return { store: `${whole.root}/${name}/planted`, ledger: `${whole.root}/${name}/ledger.jsonl` };
}

/** Kinds of files that can be damaged together: none hides another's damage. */
const KINDS = [
  [
    ...['images/**', 'layers/*', 'directions/*', 'evidence/*/*', 'human.json', 'portraits/*.jsonl', 'map.json', 'study/*'],
    ...['study-key.json', 'released-key.json', 'editions/*/layers/*'],
  ],
  ['comparison.json', 'portraits/key.json', 'evidence/index.json', 'study.json', 'editions/*/atlas.json'],
  ['../ledger.jsonl'],
  ['atlas.json'],
];

const pick = async (store: string, kind: string, random: RandomStream) => {
  const files = kind.startsWith('..') ? [kind] : (await glob(kind, { cwd: store })).sort();
  expect(files, kind).not.toEqual([]);
  return files[random.below(files.length)];
};

describe('verify', () => {
  it('finds nothing in what was made', async () => {
    expect(await checkAtlas(whole.store, whole.ledger)).toMatchObject({ findings: [], unsealed: [] });
  });

  it('finds a flipped bit in any file, names it, and says what sets it right', async () => {
    const { store, ledger } = await copyAtlas('flipped');
    const random = new RandomStream('flipped bits', 1);
    let flips = 0;
    for (let round = 0; round < 15; round++)
      for (const kinds of KINDS) {
        const flipped = new Map<string, Buffer>();
        for (const kind of kinds) {
          const file = await pick(store, kind, random);
          const bytes = await readFile(`${store}/${file}`);
          flipped.set(file, Buffer.from(bytes));
          bytes[random.below(bytes.length)] ^= 1 << random.below(8);
          await writeFile(`${store}/${file}`, bytes);
          flips++;
        }
        const { findings } = await checkAtlas(store, ledger);
        for (const [file, bytes] of flipped) {
          const found = findings.find((one) => one.file === file);
          expect(Object.values(REPAIR), `round ${round}, ${file}: ${found?.problem}`).toContain(found?.repair);
          await writeFile(`${store}/${file}`, bytes);
        }
      }
    expect(flips).toBe(270);
    expect((await checkAtlas(store, ledger)).findings).toEqual([]);
  }, 400_000);

  it('finds a file that is missing, of every kind but the key that is kept elsewhere', async () => {
    const { store, ledger } = await copyAtlas('missing');
    const random = new RandomStream('missing', 1);
    for (const kind of KINDS.flat().filter((one) => !['study-key.json', 'released-key.json', '../ledger.jsonl'].includes(one))) {
      const file = await pick(store, kind, random);
      const bytes = await readFile(`${store}/${file}`);
      await rm(`${store}/${file}`);
      const { findings } = await checkAtlas(store, ledger);
      expect(findings.map((one) => one.file, kind).join(' ')).toContain(kind === 'editions/*/atlas.json' ? 'editions/1' : file);
      await writeFile(`${store}/${file}`, bytes);
    }
    await rm(ledger);
    expect((await checkAtlas(store, ledger)).findings).toMatchObject([{ file: 'editions/1', problem: 'is in no line of the ledger' }]);
  });

  it('finds a file that is too many, wherever it lies', async () => {
    const { store, ledger } = await copyAtlas('strays');
    const strays = [
      ...['notes.txt', 'images/ab/stray.webp', 'layers/other.jsonl', 'directions/other.f32', 'evidence/turned/more.f32', 'study/more.webp'],
      ...['portraits/other.jsonl', 'editions/1/layers/other.txt', 'editions/more', 'layers/turned.jsonl.7.tmp', 'other/file'],
    ];
    for (const file of strays) {
      await rm(`${store}/${file}`, { force: true });
      await cp(`${store}/map.json`, `${store}/${file}`, { recursive: true });
    }
    const { findings } = await checkAtlas(store, ledger);
    expect(findings.map(({ file }) => file).sort()).toEqual([...strays].sort());
    const repaired = await repair({ store, ledger });
    expect([...repaired.removed].sort()).toEqual(strays.filter((file) => !['notes.txt', 'other/file'].includes(file)).sort());
    expect(repaired.after.findings.map(({ repair }) => repair)).toEqual([REPAIR.yours, REPAIR.yours]);
  });

  it('passes a store from before there were digests, and says so; repair adds them and changes nothing else', async () => {
    const { store, ledger } = await copyAtlas('old');
    const files = ['atlas.json', 'comparison.json', 'portraits/key.json', 'layers/bank-relu.jsonl', 'layers/turned.jsonl'];
    for (const file of files) {
      const text = withoutDigests(await readFile(`${store}/${file}`, 'utf8'));
      await writeFile(`${store}/${file}`, text.replace(/,\s*"digest": "[0-9a-f]{64}"(\s*\}\s*)$/, '$1'));
    }
    const { findings, unsealed } = await checkAtlas(store, ledger);
    expect({ findings, unsealed: [...unsealed].sort() }).toEqual({ findings: [], unsealed: [...files].sort() });
    expect((await repair({ store, ledger })).after).toMatchObject({ findings: [], unsealed: [] });
    expect(await hashes(store)).toEqual(before);
  });
});

const rendered: string[] = [];
/** The real engine, which writes down what it renders. */
function countingEngine(): Engine {
  const engine = openEngine();
  return {
    ...engine,
    openRenderer: async (request) => {
      const renderer = await engine.openRenderer(request);
      return {
        ...renderer,
        render: (jobs, options) => {
          rendered.push(...jobs.map(({ unit, seed }) => `${request.layer} ${unit} ${seed}`));
          return renderer.render(jobs, options);
        },
      };
    },
  };
}

async function repair({ store, ledger }: { store: string; ledger: string }): Promise<Repaired> {
  rendered.length = 0;
  return repairAtlas({ folder: store, ledger, engine: countingEngine(), runtime: { device: 'cpu', threads: 1 } });
}

describe('repair', () => {
  const recordsOf = async (store: string, layer: string) =>
    (await readFile(`${store}/layers/${layer}.jsonl`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const imageOf = (hash: string) => `images/${hash.slice(0, 2)}/${hash}.webp`;

  it('renders just what is damaged, and ends with the store as it was', async () => {
    const copy = await copyAtlas('repaired');
    const { store } = copy;
    const records = await recordsOf(store, 'turned');
    const [first, second, grouped] = [records[0], records[1], records.find(({ diverse }) => diverse)];
    // Two renders, a filmstrip, a diverse picture; a record of several renders; vectors of one layer; what nothing names.
    await rm(`${store}/${imageOf(first.renders[1].image)}`);
    await writeFile(`${store}/${imageOf(second.renders[0].image)}`, 'altered');
    await appendFile(`${store}/${imageOf(second.renders[0].frames.image)}`, 'x');
    await rm(`${store}/${imageOf(grouped.diverse[0].image)}`);
    const lines = (await readFile(`${store}/layers/bank-relu.jsonl`, 'utf8')).split('\n');
    const lost = JSON.parse(lines[3]);
    lines[3] = lines[3].replace(/"score":./, '"score":7');
    await writeFile(`${store}/layers/bank-relu.jsonl`, lines.join('\n'));
    await writeFile(`${store}/directions/turned.f32`, 'none');
    await writeFile(`${store}/images/stray.webp`, 'none');
    await writeFile(`${store}/layers/turned.jsonl.12.tmp`, 'torn');
    const done = await repair(copy);
    const wanted = [
      ...[`turned ${first.id} ${first.renders[1].seed}`, `turned ${second.id} ${second.renders[0].seed}`],
      ...grouped.diverse.map(({ seed }: { seed: number }) => `turned ${grouped.id} ${seed}`),
      ...[...lost.renders, ...(lost.diverse ?? [])].map(({ seed }: { seed: number }) => `bank-relu ${lost.id} ${seed}`),
    ];
    expect([...rendered].sort()).toEqual(wanted.sort());
    expect(done.after.findings).toEqual([]);
    expect(done.layers.flatMap(({ different }) => different)).toEqual([]);
    expect([...done.removed].sort()).toEqual(['images/stray.webp', 'layers/turned.jsonl.12.tmp']);
    expect(await hashes(store)).toEqual(before);
    expect(await repair(copy)).toMatchObject({ layers: [], vectors: [], removed: [] });
    expect(rendered).toEqual([]);
  });

  it('says of a picture that comes out otherwise what it was and what it is, and what depends on it', async () => {
    const copy = await copyAtlas('otherwise');
    const file = `${copy.store}/layers/turned.jsonl`;
    const [{ id, renders }] = await recordsOf(copy.store, 'turned');
    // As another machine would have recorded it.
    await writeFile(file, withoutDigests(await readFile(file, 'utf8')).replaceAll(renders[0].image, '0'.repeat(64)));
    const done = await repair(copy);
    expect(rendered).toEqual([`turned ${id} ${renders[0].seed}`]);
    expect(done.layers).toMatchObject([{ different: [{ unit: id, before: '0'.repeat(64), after: renders[0].image }] }]);
    // It has no measures any more: those it had were of another picture.
    expect((await recordsOf(copy.store, 'turned'))[0].renders[0].image).toBe(renders[0].image);
  });

  it('removes no picture while a file that names it is damaged, and leaves to others what is theirs', async () => {
    const copy = await copyAtlas('uncertain');
    await writeFile(`${copy.store}/portraits/turned.jsonl`, 'damaged');
    await rm(`${copy.store}/comparison.json`);
    const done = await repair(copy);
    expect(done.removed).toEqual([]);
    expect(rendered).toEqual([]);
    const left = new Map(done.after.findings.map(({ file, repair }) => [file, repair]));
    expect(left.get('portraits/turned.jsonl')).toBe(REPAIR.portray);
    expect(left.get('comparison.json')).toBe(REPAIR.compare);
    expect([...left.keys()].filter((name) => name.startsWith('images/')).length).toBeGreaterThan(0);
  });

  it('refuses an atlas whose pictures this version would make otherwise', async () => {
    const copy = await copyAtlas('stale');
    const file = `${copy.store}/layers/turned.jsonl`;
    await writeFile(file, withoutDigests(await readFile(file, 'utf8')).replaceAll(/"key":"[0-9a-f]{64}"/g, `"key":"${'1'.repeat(64)}"`));
    const [{ renders }] = await recordsOf(copy.store, 'turned');
    await rm(`${copy.store}/${imageOf(renders[0].image)}`);
    const done = await repair(copy);
    expect(rendered).toEqual([]);
    expect(done.layers).toMatchObject([{ layer: 'turned', rendered: 0, impossible: expect.stringContaining('another renderer') }]);
    // Nor is a line that was altered dropped where its pictures cannot be made again as they were.
    const altered = (await readFile(file, 'utf8')).replace(/"score":[-0-9.]+/, '"score":"altered"');
    await writeFile(file, altered);
    const left = await repair(copy);
    expect(left.layers).toMatchObject([
      { layer: 'turned', rendered: 0, lines: 0, impossible: expect.stringContaining('another renderer') },
    ]);
    expect(await readFile(file, 'utf8')).toBe(altered);
  });

  it('refuses another network than the atlas’s, and touches nothing', async () => {
    const copy = await copyAtlas('other-network');
    const [{ renders }] = await recordsOf(copy.store, 'turned');
    await rm(`${copy.store}/${imageOf(renders[0].image)}`);
    const now = await hashes(copy.store);
    const engine: Engine = {
      ...countingEngine(),
      openModel: async (...args) => {
        const model = await openEngine().openModel(...args);
        return new Proxy(model, { get: (of, name) => (name === 'weightsSha256' ? 'ab'.repeat(32) : Reflect.get(of, name, of)) });
      },
    };
    await expect(repairAtlas({ folder: copy.store, ledger: copy.ledger, engine })).rejects.toThrow(
      /expected the network with weights \w{64} for .*, received "(ab){32}"/,
    );
    expect(await hashes(copy.store)).toEqual(now);
  });

  it('works without the plan file, says what it did, and exits with 1 where something is left', async () => {
    const { store } = await copyAtlas('command');
    const [{ renders }] = await recordsOf(store, 'turned');
    await rm(`${store}/${imageOf(renders[0].image)}`);
    const told = await atlas('repair', store, '--device', 'cpu', '--threads', '1');
    expect(told.stdout).toContain('1 picture rendered again, as it was\n');
    expect({ code: told.code, stderr: told.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await hashes(store)).toEqual(before);
    await writeFile(`${store}/map.json`, '{}');
    const { code, stdout } = await atlas('repair', store, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ after: { findings: [{ file: 'map.json', repair: REPAIR.portray }, {}] } }]);
    expect((await atlas('repair', path.join(whole.root, 'nowhere'))).code).toBe(2);
  });
});
