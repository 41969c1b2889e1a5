/**
 * Downloading one file, whole, through whatever a network does: broken lines are taken up where they broke, stalls are given up and tried
 * again, and nothing half-written ever bears the file's name.
 *
 * Not supported: user names and passwords, cookies, client certificates, several connections for one file. Proxies are Node's own matter: it
 * honours HTTPS_PROXY where NODE_USE_ENV_PROXY=1 is set.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault, reason } from '../graph/errors.ts';
import { discard, sizeOfPart } from './partial.ts';
import { type Outcome, transfer } from './transfer.ts';

/** What is known of the file beforehand. */
export interface Expected {
  /** Hex SHA-256. */
  readonly sha256?: string | undefined;
  readonly bytes?: number | undefined;
}

export interface DownloadOptions {
  /** Called as bytes arrive; `total` only where it is known. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
  /** Milliseconds without a byte after which a request is given up; 30,000 if left out. */
  readonly stallMs?: number | undefined;
  /** How often in a row a request may bring nothing new before it is all given up; 5 if left out. */
  readonly tries?: number | undefined;
  /** Milliseconds before the second try, doubled for every further one; 500 if left out. */
  readonly backoffMs?: number | undefined;
}

/** However long a server asks to be left alone, a person is waiting. */
const LONGEST_WAIT = 60_000;

/**
 * Fetches `url` into `file`, which appears whole or not at all; what has come of it lies beside it as `<file>.part` until then, and a later
 * call goes on from there. `file`'s folder must be the caller's alone. Returns the hex SHA-256. Throws where the address answers with no file,
 * does not answer, answers with another file than `expected`, or the disk takes no more.
 */
export async function download(url: URL, file: string, expected: Expected = {}, options: DownloadOptions = {}): Promise<string> {
  const part = `${file}.part`;
  const { tries = 5, backoffMs = 500, stallMs = 30_000, onProgress } = options;
  let most = await sizeOfPart(part);
  for (let failures = 0; ; ) {
    const outcome = await transfer(url, part, { stallMs, bytes: expected.bytes, onProgress });
    if (outcome.done) break;
    const size = await sizeOfPart(part);
    failures = size > most ? 1 : failures + 1;
    most = Math.max(most, size);
    if (failures >= tries) throw givenUp(url, outcome, tries, size);
    await sleep(Math.min(Math.max(outcome.waitMs ?? 0, backoffMs * 2 ** (failures - 1)), LONGEST_WAIT));
  }
  const received = await sha256(part);
  if (expected.sha256 !== undefined && expected.sha256 !== received) {
    await discard(part);
    throw fault({
      where: url.href,
      expected: `the SHA-256 ${expected.sha256}`,
      name: basename(file),
      received,
      remedy: 'The server or something between it and you serves another file than was pinned. Nothing was kept.',
    });
  }
  await rename(part, file);
  await discard(part);
  return received;
}

/** Hex SHA-256 of a file of any size. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function givenUp(url: URL, { why }: Outcome & { done: false }, tries: number, size: number) {
  const { cause } = why instanceof Error ? why : {};
  return fault({
    where: url.href,
    expected: 'a whole file',
    name: basename(url.pathname),
    received: `${cause === undefined ? reason(why) : `${reason(why)}: ${reason(cause)}`}, ${tries} times`,
    remedy: `Check the network and the address. ${size > 0 ? `${size} bytes are kept: the same command goes on from there.` : 'The same command tries again.'}`,
    cause: why,
  });
}
