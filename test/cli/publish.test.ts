/** `atlas publish`, `retire` and `resolve` as a person calls them: what is printed, and the exit codes. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { outcome } from '../end-to-end/command.ts';
import { DROPPED, type Fixture, KEPT, makeFirstEdition, makeSecondEdition, NEW_NAME, RENAMED } from '../publish/make-editions.ts';
import { temporaryFolder } from '../temporary.ts';

const PROGRAM = path.resolve(import.meta.dirname, '..', '..', 'generator', 'cli.ts');
let fixture: Fixture;
beforeAll(async () => {
  fixture = await makeFirstEdition(temporaryFolder('cli'));
  await makeSecondEdition(fixture);
});

/** Runs a command on the fixture's folder of atlases, which ATLAS_DATA names. */
function atlas(...args: string[]) {
  const env = { ...process.env, ATLAS_DATA: fixture.atlases };
  return outcome(spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

test('resolve tells where an address leads', async () => {
  expect(await atlas('resolve', `${KEPT}channel-1`)).toMatchObject({
    code: 0,
    stdout: `${KEPT}channel-1/  published\neditions: 1 (2026-01-02), 2 (2026-03-04)\n`,
  });
  const moved = await atlas('resolve', `${RENAMED}random-0/`, '--json');
  expect(moved.code).toBe(0);
  expect(JSON.parse(moved.stdout)).toMatchObject({ status: 'redirect', address: `${NEW_NAME}random-0/` });
  expect((await atlas('resolve', `${DROPPED}channel-0`)).stdout).toBe(
    `${DROPPED}channel-0/  gone since 2026-03-04: The plan no longer has this layer.\neditions: 1 (2026-01-02)\nin its place: ${KEPT}\n`,
  );
});

test('resolve fails for what it does not know, and suggests', async () => {
  expect(await atlas('resolve', `${KEPT}chanel-1`)).toEqual({
    code: 1,
    stdout: `No such address was ever published.\nnearest: ${KEPT}channel-1/\n`,
    stderr: '',
  });
});

test('retire wants a reason, and one of --to and --instead', async () => {
  expect(await atlas('retire', DROPPED)).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '--why <text>'") });
  const both = await atlas('retire', DROPPED, '--why', 'x', '--to', KEPT, '--instead', KEPT);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used with') });
});

test('publish refuses a store that is not sound, and an atlas that is not there', async () => {
  expect(await atlas('publish')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/expected a sound store .*\nRun "npx atlas verify"/),
  });
  expect(await atlas('publish', 'nothing')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nothing: expected an atlas for atlas.json'),
  });
});
