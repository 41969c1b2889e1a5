/** What the build says of a store that is empty or wrong. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { buildSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';

test('without an atlas the home page says what to run', async () => {
  const built = await buildSite(join(tmpdir(), 'no-such-folder-of-atlases'), { base: '/' });
  expect(await readFile(join(built.dist, 'index.html'), 'utf8')).toContain('npm run atlas');
  expect((await checkLinks(built)).broken).toEqual([]);
  await rm(built.dist, { recursive: true });
});

test('an invalid atlas fails the build with one error: file, field, expected, received, what to do', async () => {
  const data = temporaryFolder('data');
  const file = join(data, await makeStore(data, { channels: [2], random: 1, subset: 0 }), 'atlas.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"edition": 1', '"edition": "one"'));
  const failure = await buildSite(data, { base: '/' }).then(
    () => undefined,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
  expect(failure).toContain(`${file}: expected a value of type number for edition, received "one"`);
  expect(failure).toContain('npx atlas verify');
});
