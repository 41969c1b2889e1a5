/** One spelling for one value, so that equal values have equal hashes: what generator and site must do alike, to the byte. */
import { createHash } from 'node:crypto';

/** JSON with sorted keys and no white space (RFC 8785 for the values used here); fields that are `undefined` are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** SHA-256 in lower-case hex. */
export function hashOf(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
