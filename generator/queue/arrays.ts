/** Arrays that settings and made-up units name: by path in a plan and by digest in the queue. */
import { mapArrays } from '../batch/pinned-arrays.ts';
import type { NamedFile } from './model-files.ts';

/** A value with every array in it called by its digest alone, and the arrays' files, which go beside it. Keys know arrays by their digests. */
export function withoutPaths<T>(value: T): { value: T; files: NamedFile[] } {
  const files: NamedFile[] = [];
  const replaced = mapArrays(value, ({ file, sha256 }) => {
    files.push({ sha256, path: file });
    return { file: sha256, sha256 };
  });
  return { value: replaced as T, files };
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
  return mapArrays(value, ({ sha256 }) => ({ file: pathOf(sha256), sha256 })) as T;
}
