/** Arrays that settings and made-up units name: by path in a plan and by digest in the queue. */
import type { NamedFile } from './model-files.ts';

/** A value with every array in it called by its digest alone, and the arrays' files, which go beside it. Keys know arrays by their digests. */
export function withoutPaths<T>(value: T): { value: T; files: NamedFile[] } {
  const files: NamedFile[] = [];
  const replaced = mapArrays(value, ({ file, sha256 }) => {
    files.push({ sha256, path: file });
    return { file: sha256, sha256 };
  });
  return { value: replaced, files };
}

/** The digests of the arrays in a value. */
export function arraysOf(value: unknown): string[] {
  const digests: string[] = [];
  mapArrays(value, (array) => {
    digests.push(array.sha256);
    return array;
  });
  return digests;
}

/** A value with every array in it found at a path; what it was called is not looked at. */
export function withPaths<T>(value: T, pathOf: (sha256: string) => string): T {
  return mapArrays(value, ({ sha256 }) => ({ file: pathOf(sha256), sha256 }));
}

interface PinnedArray {
  readonly file: string;
  readonly sha256: string;
}

function mapArrays<T>(value: T, map: (array: PinnedArray) => PinnedArray): T;
function mapArrays(value: unknown, map: (array: PinnedArray) => PinnedArray): unknown {
  if (Array.isArray(value)) return value.map((part) => mapArrays(part, map));
  if (value === null || typeof value !== 'object') return value;
  if (isPinned(value)) return map(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapArrays(part, map)]));
}

function isPinned(value: object): value is PinnedArray {
  return 'file' in value && 'sha256' in value && typeof value.file === 'string' && typeof value.sha256 === 'string';
}
