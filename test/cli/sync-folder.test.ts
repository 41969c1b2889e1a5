/** A folder is brought to another's content by as few writes as there are differences. */
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { expect, it } from 'vitest';
import { syncFolder } from '../../generator/cli/sync-folder.ts';
import { temporaryFolder } from '../temporary.ts';

async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
}

it('writes what is new or changed, leaves the rest untouched, and removes what is gone', async () => {
  const [from, to] = [temporaryFolder('from'), temporaryFolder('to')];
  await fill(from, { 'index.html': 'new', 'a/index.html': 'same', 'a/b/unit.json': '{}', '.nojekyll': '' });
  await fill(to, { 'index.html': 'old', 'a/index.html': 'same', 'gone/index.html': 'gone' });
  const before = new Date('2020-01-02T03:04:05Z');
  for (const file of ['index.html', 'a/index.html']) await utimes(path.join(to, file), before, before);
  expect(await syncFolder(from, to)).toEqual({ written: 3, kept: 1, removed: 1 });
  expect((await glob('**/*', { cwd: to, dot: true })).sort()).toEqual(['.nojekyll', 'a/b/unit.json', 'a/index.html', 'index.html']);
  expect(await readFile(path.join(to, 'index.html'), 'utf8')).toBe('new');
  expect((await stat(path.join(to, 'a/index.html'))).mtime).toEqual(before);
  expect((await stat(path.join(to, 'index.html'))).mtime).not.toEqual(before);
});

it('tells files of one size apart by their bytes, and makes a folder that is not there', async () => {
  const [from, to] = [temporaryFolder('from'), path.join(temporaryFolder('to'), 'dist')];
  await fill(from, { 'a.txt': 'one' });
  expect(await syncFolder(from, to)).toEqual({ written: 1, kept: 0, removed: 0 });
  await fill(from, { 'a.txt': 'two' });
  expect(await syncFolder(from, to)).toEqual({ written: 1, kept: 0, removed: 0 });
  expect(await readFile(path.join(to, 'a.txt'), 'utf8')).toBe('two');
  expect(await syncFolder(from, to)).toEqual({ written: 0, kept: 1, removed: 0 });
});
