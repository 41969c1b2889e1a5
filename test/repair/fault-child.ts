/**
 * A process that gives a command of the command line with a fault in its disk or its clock. Arguments: the fault as JSON, then the command line. It says
 * in the end, on the third channel, how many calls that change the disk there were.
 *
 * `at` is the number of such a call, from 1: there the process ends by SIGKILL (`kill`), or the call fails with an error code (`ENOSPC`: of a file
 * that is opened for writing, half of what is written is there). `jumps` turns the clock back and forth by years, anew at each question.
 */
import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { main } from '../../generator/cli/program.ts';

const { at = 0, how = 'kill', jumps = false }: { at?: number; how?: string; jumps?: boolean } = JSON.parse(process.argv[2]);
let calls = 0;

/** Whether this call is the one. */
function isReached(): boolean {
  if (++calls !== at) return false;
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  return true;
}

const failure = () => Object.assign(new Error(`${how}: as the test wants it`), { code: how });

const { open, rename, rm, mkdir } = fs;
fs.open = async (file, flags, ...more) => {
  const handle = await open(file, flags, ...more);
  if (flags === 'r' || flags === undefined) return handle;
  const writeFile = handle.writeFile.bind(handle);
  handle.writeFile = async (data, ...rest) => {
    if (isReached()) {
      const bytes = Buffer.from(data as Uint8Array);
      await writeFile(bytes.subarray(0, bytes.length >> 1));
      throw failure();
    }
    await writeFile(data, ...rest);
    if (isReached()) throw failure();
  };
  return handle;
};
fs.rename = async (...args) => {
  if (isReached()) throw failure();
  await rename(...args);
};
fs.rm = async (...args) => {
  if (how === 'kill') isReached();
  await rm(...args);
};
fs.mkdir = (async (...args: Parameters<typeof mkdir>) => {
  if (how === 'EROFS' && isReached()) throw failure();
  return mkdir(...args);
}) as typeof mkdir;

if (jumps) {
  const now = Date.now.bind(Date);
  const year = 365 * 24 * 3600 * 1000;
  let i = 0;
  Date.now = () => now() + [0, 2 * year, -3 * year, year, -year][i++ % 5];
  globalThis.Date = new Proxy(Date, {
    construct: (target, args) => (args.length === 0 ? new target(Date.now()) : Reflect.construct(target, args)),
  });
}

process.exitCode = await main(process.argv.slice(3));
writeSync(3, String(calls));
