/** Arrays that settings and made-up units name: `{ file, sha256 }`, wherever in a value they stand. */

/** An array in a file, pinned by the SHA-256 of its bytes. */
export interface PinnedArray {
  readonly file: string;
  readonly sha256: string;
}

/** A value with every array in it replaced by what it is mapped to. */
export function mapArrays(value: unknown, map: (array: PinnedArray) => unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => mapArrays(part, map));
  if (value === null || typeof value !== 'object') return value;
  if (isPinned(value)) return map(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapArrays(part, map)]));
}

function isPinned(value: object): value is PinnedArray {
  return 'file' in value && 'sha256' in value && typeof value.file === 'string' && typeof value.sha256 === 'string';
}
