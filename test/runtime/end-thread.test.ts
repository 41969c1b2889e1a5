import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('threads that are ended while a program runs leave their process alive', async () => {
  const child = fileURLToPath(new URL('./end-threads-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [child, '12', 'end']);
  expect(stdout).toBe('all ended\n');
});
