/** A Redis server of one's own: on a free port, keeping nothing, gone when it is stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** A connection for the test itself. */
  readonly client: Redis;
  readonly process: ChildProcess;
  /** Ends it at once, as a crash does, and starts another on the same port, which knows nothing of what was in it. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Further arguments: `['--requirepass', 'secret']`. */
  readonly args?: readonly string[];
  /** How the test's own connection is made, where not without a password. */
  readonly url?: (port: number) => string;
  readonly tls?: { readonly ca: string };
}

/** Starts a server, whose folder stays empty. */
export async function launchRedis(
  folder: string,
  { args = [], url = (port) => `redis://127.0.0.1:${port}`, tls }: RedisOptions = {},
): Promise<RedisServer> {
  const port = await freePort();
  const ports = tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)];
  const launch = () =>
    spawn('redis-server', [...ports, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...args], {
      stdio: 'ignore',
    });
  let server = launch();
  const client = new Redis(url(port), {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    ...(tls ? { tls: { ca: tls.ca } } : {}),
  });
  client.on('error', () => undefined);
  await client.ping();
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return {
    url: url(port),
    port,
    client,
    get process() {
      return server;
    },
    async restart() {
      await end();
      await sleep(200);
      server = launch();
      await client.ping();
    },
    async stop() {
      client.disconnect();
      await end();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
