/** Folders of a test file's own, which are gone when its tests are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const folders: string[] = [];

// Said when the file is read, whatever asks for a folder later. Hooks run last first: so this comes after every other that may use one.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder in the system's for temporary files, or in another, called `atlas-…` and something; the file's tests may leave anything in it. */
export function temporaryFolder(name: string, where = tmpdir()): string {
  const folder = mkdtempSync(path.join(where, `atlas-${name}-`));
  folders.push(folder);
  return folder;
}
