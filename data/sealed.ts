/**
 * JSON that vouches for itself: the last field of an object, `digest`, is the SHA-256 of its text without that field, byte for byte. So a flipped bit
 * anywhere in a record or a file of the store is found, and no list of digests has to be kept in step with the files: each file is replaced whole,
 * with its digest in it. What has no digest of its own is named by its hash (pictures), or its hash stands in a file that has one: vectors in
 * layers/<layer>.jsonl, portraits and the map in portraits/key.json, evidence in evidence/index.json, a study's key in study.json. Files from before
 * there were digests are read as they are, if they have no field that they should not: a digest whose name was altered is one.
 */
import { hashOf } from './canonical.ts';

const SEALED = /,(?:\n *)?"digest": ?"[0-9a-f]{64}"(\s*\}\n?)$/;
/** More than a digest with its name takes at the end of a text. */
const LONGEST = 120;

/** An object's text with its digest. The text is what `JSON.stringify` writes, on one line or on several, with or without a line break at the end. */
export function seal(text: string): string {
  const [tail = ''] = /\s*\}\n?$/.exec(text.slice(-LONGEST)) ?? [];
  const gap = /^\{(\n *)/.exec(text)?.[1] ?? '';
  return `${text.slice(0, text.length - tail.length)},${gap}"digest":${gap && ' '}"${hashOf(text)}"${tail}`;
}

/** Whether a text ends with a digest, its own or not. */
export function isSealed(text: string): boolean {
  return SEALED.test(text.slice(-LONGEST));
}

/** The text that was sealed; nothing where it has no digest at its end. Throws where the digest is not its own. */
export function unseal(text: string): string | undefined {
  const found = SEALED.exec(text.slice(-LONGEST));
  if (!found) return undefined;
  const bare = text.slice(0, text.length - found[0].length) + found[1];
  if (seal(bare) !== text) throw new Error('it was altered: its digest is that of another text');
  return bare;
}

/** A file's text with the digests of its lines taken off, where they have one; none is looked at. */
export function withoutDigests(lines: string): string {
  return lines.replace(/,"digest":"[0-9a-f]{64}"\}$/gm, '}');
}

/**
 * The value of a text that may be sealed. Throws for what is no JSON, for one that was altered, and, where the schema is given, for one without a digest
 * that has a field the schema does not know.
 */
export function parseSealed(text: string, schema?: { readonly shape: object }): unknown {
  const bare = unseal(text);
  const value: unknown = JSON.parse(bare ?? text);
  const known = schema && Object.keys(schema.shape);
  if (bare !== undefined || !known || typeof value !== 'object' || value === null) return value;
  const strange = Object.keys(value).find((field) => !known.includes(field));
  if (strange !== undefined) throw new Error(`it was altered: it does not end with its digest, and has a field "${strange}" of no meaning`);
  return value;
}
