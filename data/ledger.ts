/** Reading the ledger: what became of an address, and whether what is there now agrees with what was published. */
import type { LedgerEntry } from './ledger-schema.ts';

/** An edition of an address. */
export interface PublishedEdition {
  readonly edition: number;
  readonly content: string;
  /** `2026-11-24` */
  readonly when: string;
}

/** All that the ledger says of an address. */
export interface History {
  /** Oldest first. */
  readonly editions: PublishedEdition[];
  /** Set while it is retired: the redirect or the tombstone. */
  retired?: Exclude<LedgerEntry, { status: 'published' }>;
}

/** The ledger by address, in its order. */
export type Ledger = ReadonlyMap<string, History>;

/** Sorts lines by address; a later line of an address outdoes an earlier one. */
export function indexLedger(entries: Iterable<LedgerEntry>): Ledger {
  const ledger = new Map<string, History>();
  for (const entry of entries) {
    const history = ledger.get(entry.address) ?? { editions: [] };
    ledger.set(entry.address, history);
    if (entry.status === 'published') {
      history.editions.push({ edition: entry.edition, content: entry.content, when: entry.when });
      delete history.retired;
    } else history.retired = entry;
  }
  return ledger;
}

/** The newest published edition of an atlas, by its own address; 0 for none. */
export function newestEdition(ledger: Ledger, atlas: string): number {
  return Math.max(0, ...(ledger.get(`${atlas}/`)?.editions ?? []).map(({ edition }) => edition));
}

/** Where a retired address leads, step by step; the last is a page or a tombstone. An address comes twice only in a circle. */
export function follow(ledger: Ledger, address: string): string[] {
  const chain = [address];
  for (let at = ledger.get(address)?.retired; at?.status === 'redirect'; at = ledger.get(at.to)?.retired) {
    const circle = chain.includes(at.to);
    chain.push(at.to);
    if (circle) break;
  }
  return chain;
}

/** How what is there disagrees with the ledger; every list is empty where all is well. */
export interface Disagreements {
  /** Published, not retired, and not there. */
  readonly vanished: readonly string[];
  /** Of the edition that was published under that number, with another content: changed, new in it, or gone from it. */
  readonly changed: readonly string[];
  /** Redirects, and tombstones that name a replacement, which lead nowhere or in a circle. */
  readonly astray: readonly string[];
}

/** An edition as it is now: its number, and its addresses with their contents. */
export interface CurrentEdition {
  readonly slug: string;
  readonly edition: number;
  readonly contents: ReadonlyMap<string, string>;
}

/** Holds the atlases that are there to the ledger. An edition that was not published may hold anything. */
export function disagreements(ledger: Ledger, current: readonly CurrentEdition[]): Disagreements {
  const there = new Set(current.flatMap(({ contents }) => [...contents.keys()]));
  const vanished: string[] = [];
  const astray: string[] = [];
  for (const [address, { retired }] of ledger) {
    if (there.has(address)) continue;
    if (!retired) vanished.push(address);
    else if (retired.to !== undefined && !(there.has(retired.to) || leads(ledger, retired.to, there))) astray.push(address);
  }
  const changed = current.flatMap((one) => [...changes(ledger, one)]);
  return { vanished, changed, astray };
}

/** Whether an address that is not there ends at a page, or at a tombstone. */
function leads(ledger: Ledger, address: string, there: ReadonlySet<string>): boolean {
  const chain = follow(ledger, address);
  const end = chain.at(-1) ?? address;
  return chain.indexOf(end) === chain.length - 1 && (there.has(end) || ledger.has(end));
}

/** Addresses at which an edition differs from what was published under its number; none where that was not published. */
export function changes(ledger: Ledger, { slug, edition, contents }: CurrentEdition): string[] {
  if (!ledger.get(`${slug}/`)?.editions.some((one) => one.edition === edition)) return [];
  const published = new Map(
    [...ledger].flatMap(([address, { editions }]) => {
      const found = address.startsWith(`${slug}/`) ? editions.findLast((one) => one.edition === edition) : undefined;
      return found ? [[address, found.content] as const] : [];
    }),
  );
  const gone = [...published.keys()].filter((address) => !contents.has(address));
  const other = [...contents].flatMap(([address, content]) => (published.get(address) === content ? [] : [address]));
  // A unit says more than the layer and the atlas that it changes.
  const units = [...other, ...gone].filter((address) => address.split('/').length === 4);
  return units.length > 0 ? units : [...other, ...gone];
}

/** `a, b, c and 4 more`: the first ten of many addresses. */
export function firstTen(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 10).join(', ');
  return addresses.length > 10 ? `${shown} and ${addresses.length - 10} more` : shown;
}
