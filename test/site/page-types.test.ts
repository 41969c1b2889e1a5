/** The types of the site's pages and components. `tsc` reads no `.astro` file: each is turned into TSX by Astro's own compiler, and checked with what it imports. */
import { spawnSync } from 'node:child_process';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { convertToTSX } from '@astrojs/compiler';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

const PROJECT = path.resolve(import.meta.dirname, '../..');

/** A folder laid out as the project, within it, so that packages are found from it; relative imports look in both. */
let mirror: string;

beforeAll(async () => {
  await mkdir(path.join(PROJECT, '.astro'), { recursive: true });
  mirror = temporaryFolder('types', path.join(PROJECT, '.astro'));
  for await (const file of glob('site/**/*.astro', { cwd: PROJECT }))
    await mirrorPage(file, await readFile(path.join(PROJECT, file), 'utf8'));
  // What the compiler's TSX takes for granted.
  await writeFile(
    path.join(mirror, 'fragment.d.ts'),
    'declare const Fragment: (props: { children?: unknown; [name: string]: unknown }) => unknown;\n',
  );
  const settings = {
    extends: path.join(PROJECT, 'tsconfig.json'),
    compilerOptions: {
      module: 'preserve',
      moduleResolution: 'bundler',
      jsx: 'preserve',
      jsxImportSource: 'astro',
      types: ['node', 'astro/client'],
      lib: ['es2024', 'dom', 'dom.iterable'],
      rootDirs: [PROJECT, mirror],
    },
    include: ['**/*.tsx', 'fragment.d.ts'],
  };
  await writeFile(path.join(mirror, 'tsconfig.json'), JSON.stringify(settings));
});

async function mirrorPage(file: string, content: string): Promise<void> {
  const { code, diagnostics } = await convertToTSX(content, {
    filename: path.join(PROJECT, file),
    includeScripts: false,
    includeStyles: false,
  });
  expect(diagnostics, file).toEqual([]);
  const target = path.join(mirror, `${file}.tsx`);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, code);
}

/** What the compiler of types has to say, a line a fault. */
function typeFaults(): string {
  const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '--project', mirror], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

describe('types of pages', () => {
  test('every page and component is sound', () => {
    expect(typeFaults()).toBe('');
  });

  test('a wrong property, a wrong value and a missing file are found', async () => {
    await mirrorPage(
      'site/components/Wrong.astro',
      `---
import Crumbs from './NoSuch.astro';
import UnitTile from './UnitTile.astro';
const count: number = 'three';
---
<UnitTile stor={count} /><Crumbs />
`,
    );
    const faults = typeFaults();
    expect(faults).toContain("Cannot find module './NoSuch.astro'");
    expect(faults).toContain("Type 'string' is not assignable to type 'number'");
    expect(faults).toContain("Property 'stor' does not exist");
  });
});
