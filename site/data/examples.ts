/** The examples of the data page: each a file of site/examples/, which the tests run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An example and how it is started. */
export interface Example {
  /** `best-units.sh` */
  readonly file: string;
  readonly title: string;
  /** What it is given: the address of an atlas, a layer or a unit. */
  readonly takes: 'atlas' | 'layer' | 'unit';
  /** The command before the file's name: `sh`. */
  readonly command: 'sh' | 'node' | 'python3';
}

export const EXAMPLES: readonly Example[] = [
  { file: 'best-units.sh', title: 'curl and jq', takes: 'layer', command: 'sh' },
  { file: 'one-unit.mjs', title: 'JavaScript', takes: 'unit', command: 'node' },
  { file: 'compare-arms.mjs', title: 'JavaScript and Parquet', takes: 'atlas', command: 'node' },
  { file: 'directions.py', title: 'Python and NumPy', takes: 'layer', command: 'python3' },
];

/** Its text; from the repository's root, where Astro runs. */
export const readExample = ({ file }: Example) => readFile(join('site', 'examples', file), 'utf8');
