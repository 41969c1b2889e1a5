/** `atlas push` and `atlas pull` as a person calls them: a real render goes and comes back, what is printed, exit codes. */
import { execFile, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Outcome, outcome } from '../end-to-end/command.ts';
import { defaultModel } from '../requires.ts';
import { ACCESS_KEY, CREDENTIALS, S3Server, SECRET_KEY } from '../storage/s3-server.ts';
import { addImages, hashes, renderStore } from '../storage/stores.ts';
import { temporaryFolder } from '../temporary.ts';

const PROGRAM = path.resolve(import.meta.dirname, '..', '..', 'generator', 'cli.ts');
const COMMANDS = path.resolve(PROGRAM, '..', 'cli', 'program.ts');
let server: S3Server;
let store: string;
beforeAll(async () => {
  server = await S3Server.start();
  store = path.join(temporaryFolder('push'), 'store');
  await renderStore(store);
});
afterAll(() => server.close());

function atlas(args: readonly string[], more: Readonly<Record<string, string>> = CREDENTIALS): Promise<Outcome> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_REGION, AWS_DEFAULT_REGION, ...env } = process.env;
  return outcome(
    spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...env, HOME: temporaryFolder('home'), ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}
const there = () => ['--endpoint', server.endpoint];

test('a render of the default model goes, comes back sound, and is gone on with', async (context) => {
  await defaultModel(context);
  const folder = temporaryFolder('real');
  const plan = path.join(folder, 'plan.json');
  const [here, back] = [path.join(folder, 'here'), path.join(folder, 'back')];
  const render = { size: 32, steps: 3 };
  const layers = ['expanded-conv-1-expand'];
  await writeFile(
    plan,
    JSON.stringify({
      atlas: 'small',
      model: 'coco-ssd-mobilenet-v2',
      layers,
      arms: { basis: 2, random: 2 },
      seeds: { count: 1, subset: 0 },
      render,
    }),
  );
  expect(await atlas(['render', plan, '--out', here, '--device', 'cpu'])).toMatchObject({ code: 0 });
  const pushed = await atlas(['push', here, '--to', 's3://atlases/real', '--json', ...there()]);
  expect(pushed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(pushed.stdout)).toMatchObject({
    address: 's3://atlases/real',
    atlas: 'small',
    changed: true,
    compared: true,
    left: [],
  });
  const pulled = await atlas(['pull', 's3://atlases/real', '--out', back, ...there()]);
  expect(pulled).toMatchObject({ code: 0, stderr: '' });
  expect(pulled.stdout).toMatch(
    /^s3:\/\/atlases\/real, pushed 20.*: \d+ of \d+ files fetched \(\d+ bytes\) into .*\n.*: 1 layers, 4 units, 8 images; all is well\n$/s,
  );
  expect(hashes(back)).toEqual(hashes(here));
  const again = await atlas(['render', plan, '--out', back, '--device', 'cpu']);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('0 pictures rendered, 4 were there');
  expect(hashes(back)['layers/expanded-conv-1-expand.jsonl']).toBe(hashes(here)['layers/expanded-conv-1-expand.jsonl']);
}, 600_000);

test('a store that is not sound is not pushed, unless that is said', async () => {
  const [image] = addImages(store, 1);
  const refused = await atlas(['push', store, '--to', 's3://atlases/net', ...there()]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /expected a sound store for the atlas to push, received "1 wrong, first images\/.* is named by no record"\nRun "npx atlas verify"/,
  );
  expect(server.objects.has('atlases/net/manifest.json')).toBe(false);
  const plain = await atlas(['push', store, '--to', 's3://atlases/net', '--unverified', ...there()]);
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  expect(plain.stdout).toMatch(/s3:\/\/atlases\/net: (\d+) of \1 objects sent \(\d+ bytes\), manifest written\n$/);
  const out = path.join(temporaryFolder('unsound'), 'out');
  const pulled = await atlas(['pull', 's3://atlases/net', '--out', out, ...there()]);
  expect(pulled).toMatchObject({ code: 1, stderr: '' });
  expect(pulled.stdout).toContain(`1 wrong\n  ${image}: is named by no record; "atlas repair DIR" removes it\n`);
  await rm(path.join(store, image));
  const dry = await atlas(['push', store, '--to', 's3://atlases/net', '--dry-run', '--prune', ...there()]);
  expect(dry.stdout).toMatch(
    /: 0 of \d+ objects would be sent \(0 bytes\), manifest would be written\n1 that are no longer named would be deleted\n$/,
  );
  expect(server.objects.has(`atlases/net/${image}`)).toBe(true);
}, 600_000);

test('wrong usage is told with exit code 2, refusals with 1, and no key is ever printed', async () => {
  const wrong = await atlas(['push', store, '--to', 'bucket/net', ...there()]);
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bucket/net: expected a bucket: s3://bucket/prefix for the address'),
  });
  expect(await atlas(['push', store])).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '--to <address>'") });
  const none = await atlas(['pull', 's3://atlases/net', ...there()], { AWS_EC2_METADATA_DISABLED: 'true' });
  expect(none).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/expected credentials for the server, received .*\nSet AWS_ACCESS_KEY_ID/),
  });
  const region = await atlas(['pull', 's3://atlases/net']);
  expect(region).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('s3://atlases/net: expected a region for --region, received nothing'),
  });
  server.options = { fault: () => ({ kind: 'status', status: 403, code: 'SignatureDoesNotMatch' }) };
  const refused = await atlas(['pull', 's3://atlases/net', ...there()]);
  server.options = {};
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/expected permission for these credentials, received "403 SignatureDoesNotMatch/),
  });
  for (const { stdout, stderr } of [wrong, none, region, refused]) {
    expect(stdout + stderr).not.toContain(ACCESS_KEY);
    expect(stdout + stderr).not.toContain(SECRET_KEY);
  }
}, 600_000);

test('no other command loads Amazon’s client', async () => {
  const count = async (more: string) => {
    const code = `import { createRequire } from 'node:module'; await import(${JSON.stringify(COMMANDS)}); ${more}
      console.log(Object.keys(createRequire(${JSON.stringify(PROGRAM)}).cache).filter((file) => file.includes('@aws-sdk')).length)`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    return Number(stdout);
  };
  expect(await count('')).toBe(0);
  expect(await count("await import('@aws-sdk/client-s3');")).toBeGreaterThan(0);
}, 600_000);
