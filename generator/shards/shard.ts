/** Which part of a plan a process renders: `2/8` is the second of eight. */
import { fault } from '../graph/errors.ts';

/** One of the equal parts of a plan. */
export interface ShardName {
  /** From 1 to `of`. */
  readonly index: number;
  readonly of: number;
}

/** More than anybody has machines; a store remembers a number for each. */
const MOST = 10_000;

/** Reads `i/n`. Throws with exit code 2 for anything else. */
export function parseShard(text: string): ShardName {
  const [, index, of] = (/^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= of && of <= MOST) return { index, of };
  throw fault({
    where: '--shard',
    expected: `i/n, the i-th of n parts, from 1/n to n/n, and n up to ${MOST.toLocaleString('en-GB')},`,
    name: 'the shard',
    received: text,
    remedy: 'Give each process its own i and all of them the same n: "--shard 1/4" to "--shard 4/4".',
    exitCode: 2,
  });
}

/** `2/8` */
export function shardText({ index, of }: ShardName): string {
  return `${index}/${of}`;
}

/** `2-of-8`: the folder of a shard's store, among those of its atlas. */
export function shardFolder({ index, of }: ShardName): string {
  return `${index}-of-${of}`;
}
