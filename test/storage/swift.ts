/** OpenStack Swift with its S3 middleware, which clouds run in earnest: Debian's packages, one process, nothing on the disk but its settings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { TestContext } from 'vitest';
import { missing } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

const NAME = 'test:tester';
const PASSWORD = 'testing';
/** Swift's lists of containers flush with every object: in memory that costs nothing. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A running server, with the bucket `atlases`. */
export interface Swift {
  readonly endpoint: string;
  readonly credentials: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts Swift; skips the test where it is not installed. */
export async function startSwift(context: TestContext): Promise<Swift> {
  const script = path.join(import.meta.dirname, 'serve-swift.py');
  const child = spawn('/usr/bin/python3', [script, temporaryFolder('swift', MEMORY)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = await firstLine(child);
  if ('error' in said) {
    if (said.error.includes('No module named'))
      return missing(context, 'OpenStack Swift is not installed (Debian: apt install python3-swift)');
    throw new Error(`Swift did not start: ${said.error}`);
  }
  await makeBucket(said.line);
  return {
    endpoint: said.line,
    credentials: { AWS_ACCESS_KEY_ID: NAME, AWS_SECRET_ACCESS_KEY: PASSWORD, AWS_EC2_METADATA_DISABLED: 'true' },
    // It ends when its standard input does, so it cannot outlive us.
    async close() {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function makeBucket(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: NAME, secretAccessKey: PASSWORD };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: 'atlases' }));
  client.destroy();
}

async function firstLine(child: ChildProcess): Promise<{ line: string } | { error: string }> {
  let [out, err] = ['', ''];
  child.stderr?.on('data', (data) => {
    err = `${err}${data}`.slice(-4000);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error: `No module named python3: ${error.message}` }));
    child.once('close', () => resolve({ error: err || 'it ended' }));
    child.stdout?.on('data', (data) => {
      out += String(data);
      if (out.includes('\n')) resolve({ line: out.trim() });
    });
  });
}
