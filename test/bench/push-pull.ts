/**
 * Pushing and pulling the committed atlas, to the tests' own server in another process: `node test/bench/push-pull.ts`. Prints for each command the
 * seconds, those of a processor, the requests and the most memory; `--unverified`, since verifying is not what is measured.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CREDENTIALS, S3Server } from '../storage/s3-server.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');
const STORE = path.join(PROJECT, 'data', 'atlases', 'coco-ssd-mobilenet-v2');
const REPORT = `data:text/javascript,process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(JSON.stringify({ mebibytes: Math.round(maxRSS / 1024), processor: (userCPUTime + systemCPUTime) / 1e6 }));
})`;

const server = await S3Server.start();
const folder = mkdtempSync(path.join(tmpdir(), 'atlas-bench-'));

async function measure(name: string, ...args: string[]): Promise<void> {
  const started = performance.now();
  const command = [
    '--import',
    REPORT,
    path.join(PROJECT, 'generator', 'cli.ts'),
    ...args,
    '--unverified',
    '--json',
    '--endpoint',
    server.endpoint,
  ];
  const child = spawn(process.execPath, command, { env: { ...process.env, ...CREDENTIALS }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data) => {
    said += String(data);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(said);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${name}: ${seconds.toFixed(1)} s, ${said}, ${JSON.stringify(server.count())}\n`);
}

try {
  await measure('push', 'push', STORE, '--to', 's3://atlases/net');
  await measure('push again', 'push', STORE, '--to', 's3://atlases/net');
  await measure('pull', 'pull', 's3://atlases/net', '--out', path.join(folder, 'out'));
  await measure('pull again', 'pull', 's3://atlases/net', '--out', path.join(folder, 'out'));
} finally {
  rmSync(folder, { recursive: true });
  await server.close();
}
