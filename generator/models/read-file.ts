/** Reading model files: their beginning, by which formats are told apart, and JSON. */
import { open, readFile, stat } from 'node:fs/promises';
import { fault } from '../graph/errors.ts';
import { excessOf } from './json-size.ts';

const BEGINNING = 65_536;
/** The weights lie elsewhere: what is left takes a few megabytes. */
const LARGEST_JSON = 2 ** 24;

/** What formats are told apart by: a JSON file whole, the beginning of any other. */
export async function beginning(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(BEGINNING), 0, BEGINNING, 0);
      const bytes = buffer.subarray(0, bytesRead);
      const whole = bytesRead === BEGINNING && /^[\s\uFEFF]*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
      const { size } = await handle.stat();
      return whole && size <= LARGEST_JSON ? await readFile(file) : bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** JSON that was parsed, for the next format to look at. */
const PARSED = new WeakMap<Uint8Array, { readonly json: unknown }>();

/** Bytes as JSON; nothing where they are none, or too much. */
export function parsed(bytes: Uint8Array): unknown {
  const known = PARSED.get(bytes) ?? { json: parse(bytes) };
  PARSED.set(bytes, known);
  return known.json;
}

function parse(bytes: Uint8Array): unknown {
  if (excessOf(bytes)) return undefined; // Whoever opens the file says so.
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function unreadable(file: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  const received = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : 'none that can be read';
  return fault({ where: file, expected: 'a file', name: 'the model', received, remedy: 'Check the path.', cause });
}

/** Reads and parses a JSON file. Throws where there is none, where it is not JSON, and where it is more than a network has. */
export async function readJson(file: string): Promise<unknown> {
  const { size } = await stat(file);
  if (size > LARGEST_JSON)
    throw fault({
      where: file,
      expected: `JSON of at most ${LARGEST_JSON >> 20} MiB`,
      name: 'the model',
      received: `${size} bytes`,
      remedy: 'Weights lie in files of their own beside model.json: export the model again.',
    });
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  const wrong = (received: string, cause?: unknown) =>
    fault({
      where: file,
      expected: 'JSON',
      name: 'the model',
      received,
      remedy: 'The file was altered or cut short: fetch or export the model again.',
      ...(cause === undefined ? {} : { cause }),
    });
  const excess = excessOf(Buffer.from(text));
  if (excess) throw wrong(excess);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(`${text.length} characters that are not`, cause);
  }
}
