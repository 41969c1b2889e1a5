/** A Zod error said in the house form: the field, what it should be, what it is, and the nearest known field for a misspelt one. */
import { z } from 'zod';
import { type AtlasError, fault } from '../graph/errors.ts';

type Issue = z.core.$ZodIssue;

/** What {@link schemaFault} needs to know. */
export interface SchemaMistake {
  /** The file. */
  where: string;
  schema: z.ZodType;
  /** The value that did not pass. */
  value: unknown;
  error: z.ZodError;
  /** Where the reader finds the rules. */
  remedy: string;
  /** 2 (wrong usage) if left out: what a person writes; 1 for what the program wrote. */
  exitCode?: 1 | 2;
}

/** The error for the first mistake found; how many more there are stands in the remedy. */
export function schemaFault({ where, schema, value, error, remedy, exitCode = 2 }: SchemaMistake): AtlasError {
  const issue = deepest(foremost(error.issues));
  const more = error.issues.length > 1 ? ` Mistakes in all: ${error.issues.length}.` : '';
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const base = { where, name: pathText(path), received: valueAt(value, path), exitCode, cause: error };
  if (unknown === undefined) return fault({ ...base, expected: expectation(issue), remedy: remedy + more });
  const known = knownFields(z.toJSONSchema(schema, { io: 'input' }), issue.path);
  const near = nearest(unknown, known);
  const hint = near ? `There is no such field; did you mean "${near}"?` : 'There is no such field: remove it.';
  return fault({ ...base, expected: `a known field (${known.join(', ')})`, remedy: `${hint} ${remedy}${more}` });
}

/** Of `candidates` the one at most a third of its letters away from `word` (Levenshtein 1966), if any. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  const best = ranked.sort((a, b) => a.distance - b.distance).at(0);
  return best && best.distance <= Math.ceil(best.candidate.length / 3) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
}

/** Of a union, the mistake of the branch that got further than the union itself, if one did. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.map(foremost).find((branch) => branch && (branch.path.length > 0 || branch.code === 'unrecognized_keys'));
  return inner ? deepest({ ...inner, path: [...issue.path, ...inner.path] }) : issue;
}

/** A misspelt field says more than the missing one that it was meant to be. */
function foremost(issues: readonly Issue[]): Issue {
  return issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0];
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected === 'int' ? 'whole number' : issue.expected);
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `${sized(issue.origin)}${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `${sized(issue.origin)}${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_union':
      return issue.errors
        .flatMap((branch) => branch.slice(0, 1))
        .map((branch) => expectation(branch))
        .join(', or ');
    default:
      return issue.message;
  }
}

function sized(origin: string): string {
  if (origin === 'string') return 'a text of a length of ';
  if (origin === 'array') return 'a list of a length of ';
  return 'a number of ';
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((part, key) => (part === null || typeof part !== 'object' ? undefined : Reflect.get(part, key)), value);
}

/** The names that the JSON schema lists at a path, through unions and lists. */
function knownFields(schema: unknown, path: readonly PropertyKey[]): string[] {
  const branches = valueAt(schema, ['anyOf']);
  if (Array.isArray(branches)) return branches.flatMap((branch) => knownFields(branch, path));
  if (path.length === 0) return Object.keys(valueAt(schema, ['properties']) ?? {}).filter((name) => name !== '$schema');
  const [key, ...rest] = path;
  return knownFields(typeof key === 'number' ? valueAt(schema, ['items']) : valueAt(schema, ['properties', key]), rest);
}
