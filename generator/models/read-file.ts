/** Reading model files: their beginning, by which formats are told apart, and JSON. */
import { open, readFile } from 'node:fs/promises';
import { fault } from '../graph/errors.ts';

const BEGINNING = 65_536;

/** What formats are told apart by: a JSON file whole, the beginning of any other. */
export async function beginning(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(BEGINNING), 0, BEGINNING, 0);
      const bytes = buffer.subarray(0, bytesRead);
      const whole = bytesRead === BEGINNING && /^[\s\uFEFF]*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
      return whole ? await readFile(file) : bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Bytes as JSON; nothing where they are none. */
export function parsed(bytes: Uint8Array): unknown {
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

/** Reads and parses a JSON file. Throws where there is none, and where it is not JSON. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'JSON',
      name: 'the model',
      received: `${text.length} characters that are not`,
      remedy: 'The file was altered or cut short: fetch or export the model again.',
      cause,
    });
  }
}
