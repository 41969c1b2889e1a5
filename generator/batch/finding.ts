/** What a check of a store finds: what is wrong, and what sets it right. */

/** One thing wrong. */
export interface Finding {
  /** Relative to the store: `layers/conv-1.jsonl`. */
  readonly file: string;
  readonly problem: string;
  /** What to do, one of {@link REPAIR}. */
  readonly repair: string;
}

/** What sets things right, as a person reads it. Each command finds by itself what it has to do. */
export const REPAIR = {
  again: '"atlas repair DIR" makes it again',
  remove: '"atlas repair DIR" removes it',
  run: 'run the plan again: "atlas run PLAN"',
  compare: 'compare again: "atlas compare PLAN"',
  portray: 'portray again: "atlas portray PLAN"',
  ratings: 'read the ratings again: "atlas compare PLAN --ratings FILES"',
  publish: 'publish it again: "atlas publish ATLAS", or remove the folder',
  edition: 'restore the atlas, or publish what is there as the next edition: "atlas publish ATLAS --edition NUMBER"',
  restore: 'restore it from git or another copy: it cannot be made again',
  atlas: 'restore it from git or another copy, or remove it and run the plan again: the pictures are kept, its edition is then 1',
  sample: 'look at more with a larger --sample; remove what is wrong, and "atlas repair DIR" makes it again',
  yours: 'move it elsewhere if it is yours, or remove it',
} as const;
