/** Redis with a password and with TLS, and what is said, and never said, of an address. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { connect } from '../../generator/queue/connection.ts';
import { storeHashes } from '../batch/store-state.ts';
import { start } from '../end-to-end/command.ts';
import { missing } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';
import { endChildren, startRun, startWorker } from './children.ts';
import type { RedisServer } from './redis-server.ts';
import { startRedis } from './start-redis.ts';
import { undisturbedHashes } from './undisturbed.ts';

const PASSWORD = 'open-sesame';
const servers: RedisServer[] = [];
afterEach(async () => {
  await endChildren();
  for (const server of servers.splice(0)) await server.stop();
});

const withPassword = async (context: TestContext) => {
  const server = await startRedis(context, { args: ['--requirepass', PASSWORD], url: (port) => `redis://:${PASSWORD}@127.0.0.1:${port}` });
  servers.push(server);
  return server;
};

const failure = (url: string, ca?: string) =>
  connect({ url, ca }, () => undefined, 1500).then(
    () => 'nothing was thrown',
    (error: Error) => `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${String(error.cause)}`,
  );

it('lets in who has the password, and tells it to nobody', async (context) => {
  const { url, port, client } = await withPassword(context);
  const connection = await connect({ url }, () => undefined);
  expect(connection.shown).toBe(`redis://127.0.0.1:${port}`);
  expect(await connection.redis.ping()).toBe('PONG');
  await connection.close();
  for (const wrong of [`redis://:not-${PASSWORD}@127.0.0.1:${port}`, `redis://somebody:${PASSWORD}@127.0.0.1:${port}`]) {
    const message = await failure(wrong);
    expect(message).toMatch(/redis:\/\/(somebody@)?127\.0\.0\.1:\d+: expected to be let in for the queue, received "WRONGPASS/);
    expect(message).not.toContain(PASSWORD);
  }
  expect(await failure(`redis://127.0.0.1:${port}`)).toMatch(/expected to be let in for the queue, received "NOAUTH/);
  await client.acl('SETUSER', 'worker', 'on', '>with:odd@letters/', '~atlas:*', '+@all');
  const encoded = await connect({ url: `redis://worker:${encodeURIComponent('with:odd@letters/')}@127.0.0.1:${port}/0` }, () => undefined);
  expect(await encoded.redis.acl('WHOAMI')).toBe('worker');
  await encoded.close();
}, 300_000);

it('has the password neither in what a command prints nor in how the system lists it', async (context) => {
  const { url } = await withPassword(context);
  const child = start('worker', '--queue', url, '--device', 'cpu', '--json');
  let output = '';
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (data) => {
      output += String(data);
      if (output.includes('"ready"')) resolve();
    });
    child.stderr?.on('data', (data) => {
      output += String(data);
    });
    child.once('close', resolve);
  });
  const listed = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
  child.kill('SIGTERM');
  await new Promise((resolve) => {
    child.once('close', resolve);
  });
  expect(output).toContain('"event":"ready"');
  expect(listed).toContain('atlas worker');
  expect(`${listed}${output}`).not.toContain(PASSWORD);
}, 300_000);

it('speaks TLS with a server whose certificate is of one’s own making, and with no other', async (context) => {
  const folder = temporaryFolder('tls');
  const ca = path.join(folder, 'ca.pem');
  await makeCertificates(context, folder);
  const server = await startRedis(context, {
    args: [
      '--tls-cert-file',
      `${folder}/server.pem`,
      '--tls-key-file',
      `${folder}/server.key`,
      '--tls-ca-cert-file',
      ca,
      '--tls-auth-clients',
      'no',
      '--requirepass',
      PASSWORD,
    ],
    url: (port) => `rediss://:${PASSWORD}@127.0.0.1:${port}`,
    tls: { ca: readFileSync(ca, 'utf8') },
  });
  servers.push(server);
  const message = await failure(server.url);
  expect(message).toMatch(
    /rediss:\/\/127\.0\.0\.1:\d+: expected a certificate that can be trusted for the queue, received ".*\n.*--queue-ca/,
  );
  expect(message).not.toContain(PASSWORD);
  expect(await failure(server.url.replace('rediss', 'redis'))).not.toContain('nothing was thrown');
  const store = path.join(folder, 'store');
  const run = startRun({ url: server.url, ca, folder: store });
  // As generator/queue/README.md would have it.
  const rules = ['on', `>${PASSWORD}`, '~atlas:*', '+@all', '-@admin', '-@dangerous', '+info', '+keys'];
  await server.client.acl('SETUSER', 'worker', ...rules);
  const worker = startWorker({ url: server.url.replace(`:${PASSWORD}`, `worker:${PASSWORD}`), ca, folder });
  expect(await run.ended, run.output()).toBe(0);
  expect(`${run.output()}${worker.output()}`).not.toContain(PASSWORD);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('refuses what is no address, and says when nobody answers, without the password', async () => {
  for (const url of [
    'localhost',
    'http://localhost',
    `redis://:${PASSWORD}@host/one`,
    `redis://:${PASSWORD}@host?x=${PASSWORD}`,
    `redis://:${PASSWORD}@host:99999`,
  ]) {
    const message = await failure(url);
    expect(message).toMatch(/--queue: expected the address of a Redis server for the queue, received/);
    expect(message).not.toContain(PASSWORD);
  }
  const nobody = await failure(`redis://:${PASSWORD}@127.0.0.1:1/3`);
  expect(nobody).toMatch(/redis:\/\/127\.0\.0\.1:1\/3: expected an answer for the queue, received "connect ECONNREFUSED/);
  expect(nobody).not.toContain(PASSWORD);
  expect(await failure('rediss://127.0.0.1:1', '/nowhere/ca.pem')).toContain('--queue-ca: expected a file that can be read');
});

/** A certificate authority and a server's certificate, as an operator makes them. */
async function makeCertificates(context: TestContext, folder: string): Promise<void> {
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  await openssl('version').catch(() => missing(context, 'no openssl (Debian: apt install openssl)'));
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  await openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  );
  await openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    '2',
    '-copy_extensions',
    'copy',
  );
}
