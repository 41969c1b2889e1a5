/// <reference lib="dom" />
/** The part of Pagefind's interface in the browser that the search page uses (pagefind.app/docs/api), loaded from beside the page. */

import type { FoundRecord } from '../search/records.ts';

export type { FoundRecord, FoundUnit } from '../search/records.ts';

export interface Pagefind {
  options(options: { ranking: Record<string, number | Record<string, number>> }): Promise<void>;
  init(): Promise<void>;
  search(
    words: string | null,
    options: { filters: Record<string, string> },
  ): Promise<{ results: { data(): Promise<{ raw_url: string }> }[] }>;
}

/** Loads Pagefind and its index. Rejects where there is none, as while developing, and where a browser does not load modules (`file://`). */
export async function loadPagefind(): Promise<Pagefind> {
  const address = new URL('pagefind/pagefind.js', location.href).href;
  const pagefind: Pagefind = await import(/* @vite-ignore */ address);
  // Records are short and alike: what counts is how much of a word was typed. Equal ones stay in their order, the best first.
  await pagefind.options({
    ranking: { termSimilarity: 20, pageLength: 0, termFrequency: 0, termSaturation: 0, metaWeights: { title: 0, image: 0 } },
  });
  await pagefind.init();
  return pagefind;
}

/** A record as it was written, with its path: `fixture-net/conv-1/`. */
export function readRecord({ raw_url }: { raw_url: string }): { path: string; record: FoundRecord } {
  const at = raw_url.indexOf(' ');
  return { path: raw_url.slice(1, at), record: JSON.parse(raw_url.slice(at)) };
}

/** A text as the words that the index has: `expanded_conv_3/expand` → `expanded`, `conv`, `3`, `expand`. */
export const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

/**
 * What is found, the likeliest kind first: units by their number where one was typed with its kind (`channel 42`, `42`), else layers before
 * concepts and words. A unit's number is no answer to what has none.
 */
export async function ask(
  pagefind: Pagefind,
  text: string,
  filters: Record<string, string>,
): Promise<{ data(): Promise<{ raw_url: string }> }[]> {
  const words = wordsOf(text);
  const numbered = words.some((word) => /^\d+$/.test(word));
  const first = words.length === 1 || words.some((word) => /^(chan|rand|neur|unit|dire)/.test(word));
  const kinds = ['layer', 'concept', 'word'];
  const order = !numbered ? kinds : first ? ['number', ...kinds] : [...kinds, 'number'];
  const found = await Promise.all(order.map((kind) => pagefind.search(words.join(' ') || null, { filters: { ...filters, kind } })));
  return found.flatMap(({ results }) => results);
}
