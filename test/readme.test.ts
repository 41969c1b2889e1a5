/** The README's tables are what the code says: operators, the zoo, dependencies, folders. `ATLAS_WRITE_RESULTS=1` writes the first two anew. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { STEP_OPS } from '../generator/gradient/rule.ts';
import { activation } from '../generator/gradient/rules/activation.ts';
import { arithmetic } from '../generator/gradient/rules/arithmetic.ts';
import { convolution } from '../generator/gradient/rules/convolution.ts';
import { convolutionByRank } from '../generator/gradient/rules/convolution-by-rank.ts';
import { einsum } from '../generator/gradient/rules/einsum.ts';
import { extremum } from '../generator/gradient/rules/extremum.ts';
import { interpolation } from '../generator/gradient/rules/interpolation.ts';
import { normalisation } from '../generator/gradient/rules/normalisation.ts';
import { pooling } from '../generator/gradient/rules/pooling.ts';
import { power } from '../generator/gradient/rules/power.ts';
import { reduction } from '../generator/gradient/rules/reduction.ts';
import { selection } from '../generator/gradient/rules/selection.ts';
import { shape } from '../generator/gradient/rules/shape.ts';
import { smoothActivation } from '../generator/gradient/rules/smooth-activation.ts';
import type { OpName } from '../generator/graph/graph.ts';
import { OPERATORS } from '../generator/graph/shapes.ts';
import { ZOO } from '../generator/models/zoo.ts';
import manifest from '../package.json' with { type: 'json' };
import { readResults } from './families/results.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const README = `${ROOT}README.md`;
const readme = readFileSync(README, 'utf8');

/** Operators by the files of their gradient rules. */
const FAMILIES: Record<string, readonly string[]> = {
  arithmetic: Object.keys({ ...arithmetic, ...power }),
  activations: Object.keys({ ...activation, ...smoothActivation }),
  'products, convolutions': Object.keys({ ...einsum, ...convolution, ...convolutionByRank }),
  'extrema, pools': Object.keys({ ...extremum, ...pooling }),
  normalisations: Object.keys(normalisation),
  reductions: Object.keys(reduction),
  shapes: Object.keys(shape),
  'selection, resizing': Object.keys({ ...selection, ...interpolation }),
  steps: STEP_OPS,
};

/** Tests of ONNX's, and how many of them pass, by operator. */
function conformance(file: string): Map<string, { tests: number; passed: number }> {
  const rows = readFileSync(`${ROOT}test/conformance/${file}`, 'utf8').matchAll(/^\| (\w+) \| (\d+) \| \d+ \| (\d+) \|/gm);
  return new Map([...rows].map(([, name, tests, passed]) => [name, { tests: Number(tests), passed: Number(passed) }]));
}

function operatorTable(): string {
  const results = ['RESULTS.md', 'RESULTS-tfjs.md'].map(conformance);
  const passed = (names: readonly string[], found: ReturnType<typeof conformance>) => {
    const sum = (field: 'tests' | 'passed') => names.reduce((total, name) => total + (found.get(name)?.[field] ?? 0), 0);
    return `${sum('passed')} of ${sum('tests')}`;
  };
  const row = (title: string, names: readonly string[], list: string, rule: string) =>
    `| ${title} | ${list} | ${rule} | ${results.map((found) => passed(names, found)).join(' | ')} |`;
  return [
    '| | operators | gradient | onnxruntime | TensorFlow.js |',
    '|---|---|---|--:|--:|',
    ...Object.entries(FAMILIES).map(([title, names]) => row(title, names, names.join(' '), title === 'steps' ? '0' : 'a rule each')),
    row('**all**', OPERATORS, `${OPERATORS.length} operators`, ''),
  ].join('\n');
}

function zooTable(): string {
  const rows = ZOO.map(({ id, licence, origin }) => {
    const [bytes, digest] = origin.kind === 'npm' ? [origin.tarballBytes, origin.integrity] : [origin.bytes, origin.sha256];
    const source = origin.kind === 'npm' ? `npm:${origin.package}` : new URL(origin.address).pathname.split('/').at(-1);
    const pinned = origin.kind === 'npm' ? digest?.slice(0, 15) : digest && `sha256-${digest.slice(0, 8)}`;
    return `| \`${id}\` | ${licence} | ${(bytes / 1e6).toFixed(1)} MB | ${pinned ? `\`${pinned}…\`` : 'recorded at first use'} | ${source} |`;
  });
  return ['| id | licence | size | digest | file |', '|---|---|--:|---|---|', ...rows].join('\n');
}

test('every operator is in one family of the table', () => {
  const all = Object.values(FAMILIES).flat() as OpName[];
  expect(all.toSorted()).toEqual(OPERATORS.toSorted());
});

test.each([
  ['operators', operatorTable],
  ['zoo', zooTable],
])('the table of %s is what the code says', (name, make) => {
  const [start, end] = [`<!-- ${name}: written by test/readme.test.ts -->`, `<!-- end of ${name} -->`];
  const table = `\n\n${make()}\n\n`;
  const current = readFileSync(README, 'utf8');
  const from = current.indexOf(start) + start.length;
  const until = current.indexOf(end);
  expect(until).toBeGreaterThan(from);
  if (process.env.ATLAS_WRITE_RESULTS === '1') writeFileSync(README, current.slice(0, from) + table + current.slice(until));
  else expect(current.slice(from, until)).toBe(table);
});

test('the families agree with PyTorch as closely as it says', () => {
  const errors = [...readResults().values()].flat();
  expect(errors.length).toBeGreaterThan(150);
  expect(Math.max(...errors)).toBeLessThan(1e-5);
  expect(readme).toContain(`${new Set([...readResults().keys()].map((key) => key.split(' ')[0])).size} families of torchvision`);
  expect(readme).toContain('within 1e-5 of PyTorch');
});

test('every dependency has its sentence, and every folder of the generator its line', () => {
  const names = [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies].flatMap((list) => Object.keys(list));
  for (const name of names.filter((each) => !each.startsWith('@types/'))) expect(readme, name).toContain(`\`${name}\``);
  for (const { name } of readdirSync(`${ROOT}generator`, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
    expect(readme).toContain(`| \`generator/${name}/\` |`);
});

test('every file that it names is there', () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, file]) => file);
  const named = [...readme.matchAll(/`((?:generator|test|data|site)\/[\w./-]+\.(?:ts|md|json))`/g)].map(([, file]) => file);
  expect(links.length + named.length).toBeGreaterThan(10);
  for (const file of [...links, ...named]) expect(existsSync(`${ROOT}${file}`), file).toBe(true);
});
