/** data/ledger.jsonl on the disk: read whole, added to durably, never rewritten. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type LedgerEntry, ledgerEntry, parseSealed, seal } from '../../data/schema.ts';
import { DurableFolder } from '../batch/disk.ts';
import { type AtlasError, fault, reason } from '../graph/errors.ts';

/** Every line, in order; none where there is no file. Throws for a line that is not one. */
export async function readLedger(file: string): Promise<LedgerEntry[]> {
  const lines = (await readText(file)).split('\n');
  return lines.flatMap((line, i) => (line === '' ? [] : [parseLine(line, `${file}, line ${i + 1}`)]));
}

/** Adds lines in one write, flushed; on an error the file stays as it was. The caller holds the lock. */
export async function appendLedger(file: string, entries: readonly LedgerEntry[]): Promise<void> {
  const before = await readText(file);
  // A file that somebody edited may lack its last line break.
  const lead = before === '' || before.endsWith('\n') ? '' : '\n';
  const text = entries.map((entry) => `${seal(JSON.stringify(ledgerEntry.parse(entry)))}\n`).join('');
  await new DurableFolder(path.dirname(file)).append(path.basename(file), Buffer.byteLength(before), lead + text);
}

/** The JSON schema of a line of the ledger, for whoever reads it: the text of data/ledger.schema.json before formatting. */
export function ledgerJsonSchema(): Record<string, unknown> {
  return { title: 'A line of the ledger of Basis Atlas', ...z.toJSONSchema(ledgerEntry, { io: 'input' }) };
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

function parseLine(text: string, where: string): LedgerEntry {
  try {
    const parsed = ledgerEntry.safeParse(parseSealed(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw lineFault(where, `${issue?.path.join('.')}: ${issue?.message}`);
  } catch (error) {
    throw error instanceof Error && error.name === 'AtlasError' ? error : lineFault(where, reason(error));
  }
}

function lineFault(where: string, received: string): AtlasError {
  return fault({
    where,
    expected: 'an address that was published or retired',
    name: 'the line',
    received,
    remedy:
      'Restore the file: "git checkout" has it as it was committed. Lines are only ever added, by "atlas publish" and "atlas retire".',
  });
}
