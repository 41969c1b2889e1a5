/** Reads a file of the store and checks it against its schema; the only place where the site trusts nothing. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { parseSealed } from '../../data/schema.ts';
import { fault } from './fault.ts';

const REMEDY = 'Run "npx atlas verify" to see all that is wrong, then render the atlas again or restore the file.';

/** The parsed content of a JSON file. Throws a fault that names file and field. */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  return parseJson(await readFile(file, 'utf8'), schema, file);
}

/** The parsed lines of a JSONL file; empty lines are skipped. Throws a fault that names file, line and field. */
export async function readJsonLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line, index) => (line.trim() ? [parseJson(line, schema, `${file}:${index + 1}`)] : []));
}

/** The parsed content of a text that is said to be at `where`, whose digest is its own where it has one. Throws a fault that names place and field. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = parseSealed(text);
  } catch (cause) {
    const isJson = !(cause instanceof SyntaxError);
    const received = isJson && cause instanceof Error ? cause.message : text.slice(0, 60);
    throw fault({ where, expected: isJson ? 'what was written' : 'JSON', name: 'the content', received, remedy: REMEDY, cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const received = path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step], value);
  throw fault({
    where,
    expected: expectation(issue),
    name: path.join('.') || 'the content',
    received,
    remedy: REMEDY,
  });
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return `a value of type ${issue.expected}`;
  if (issue?.code === 'invalid_value') return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  return `a valid value (${issue?.message ?? 'unknown'})`;
}
