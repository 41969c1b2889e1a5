/** Where an address leads now: ours, with or without host and base, of an edition or not; or one that another atlas of the same network had. */
import {
  type FormerAddress,
  follow,
  indexLedger,
  type Ledger,
  matchFormer,
  type PublishedEdition,
  readFormerAddress,
} from '../../data/schema.ts';
import { nearest } from '../batch/schema-fault.ts';
import { readLedger } from './ledger-file.ts';
import { type PresentLayer, presentAddresses } from './present.ts';

/** What is known of an address. */
export interface Resolution {
  /** As it was asked for. */
  readonly asked: string;
  /** `published` and `unpublished` are pages; `edition` is the page of one edition; `redirect` and `tombstone` tell what became of it. */
  readonly status: 'published' | 'unpublished' | 'edition' | 'redirect' | 'tombstone' | 'unknown';
  /** Where it leads: the last of the chain. */
  readonly address?: string;
  /** From what was asked to where it leads, with both; one for a page. */
  readonly chain: readonly string[];
  readonly editions: readonly PublishedEdition[];
  /** The edition asked for. */
  readonly edition?: number;
  readonly why?: string;
  readonly when?: string;
  /** What takes the place of what a tombstone stands for. */
  readonly instead?: string;
  /** Of a former address: what it was of, and how far that carries over. */
  readonly note?: string;
  /** Of an unknown one. */
  readonly nearest: readonly string[];
}

/** Resolves an address against a folder of atlases and its ledger. */
export async function resolveAddress(asked: string, atlases: string, ledgerFile: string): Promise<Resolution> {
  const ledger = indexLedger(await readLedger(ledgerFile));
  const { addresses: live, layers } = await presentAddresses(atlases);
  const former = readFormerAddress(asked);
  if (former) return resolveFormer(asked, former, layers, (address) => look(asked, address, ledger, live));
  const [, path = '', number] = /^(.*?)(?:edition-(\d+)\/?)?(?:index\.html)?$/.exec(pathOf(asked)) ?? [];
  for (const address of candidates(path)) {
    const found = look(asked, address, ledger, live);
    if (found.status === 'unknown') continue;
    if (number === undefined) return found;
    const edition = Number(number);
    if (found.editions.some((one) => one.edition === edition))
      return { ...found, status: 'edition', edition, address: `${address}edition-${edition}/`, chain: [`${address}edition-${edition}/`] };
  }
  const known = [...new Set([...live, ...ledger.keys()])];
  return { asked, status: 'unknown', chain: [], editions: [], nearest: suggestions(path, known) };
}

function look(asked: string, address: string, ledger: Ledger, live: ReadonlySet<string>): Resolution {
  const history = ledger.get(address);
  const editions = history?.editions ?? [];
  const base = { asked, editions, nearest: [] };
  if (live.has(address) || (history && !history.retired))
    return { ...base, status: history ? 'published' : 'unpublished', address, chain: [address] };
  if (!history?.retired) return { ...base, status: 'unknown', chain: [] };
  const chain = follow(ledger, address);
  const end = chain.at(-1) ?? address;
  const { status, why, when } = history.retired;
  const stone = ledger.get(end)?.retired;
  return {
    ...base,
    status,
    address: end,
    chain,
    why,
    when,
    ...(stone?.status === 'tombstone' && stone.to && !live.has(end) ? { instead: stone.to } : {}),
  };
}

/** The atlas with Google's own weights if there is one, else any with the layer. */
function resolveFormer(
  asked: string,
  { source, former, channel }: FormerAddress,
  layers: readonly PresentLayer[],
  find: (address: string) => Resolution,
): Resolution {
  const matches = layers.flatMap(({ address, name, channels, units }) => {
    const match = matchFormer(name, channels);
    return match?.former === former ? [{ folder: address, units, sameWeights: match.sameWeights }] : [];
  });
  const what = `${source} had ${channel === undefined ? '' : `channel ${channel} of `}layer ${former.google} of InceptionV1 there`;
  const best = matches.find(({ sameWeights }) => sameWeights) ?? matches[0];
  if (!best) return { asked, status: 'unknown', chain: [], editions: [], nearest: [], note: `${what}. No atlas here has that layer.` };
  const id = `channel-${channel}`;
  const same = channel !== undefined && best.sameWeights && best.units.has(id);
  const found = find(same ? `${best.folder}${id}/` : best.folder);
  const caution = best.sameWeights
    ? 'The weights are the same, as the layer’s name and size tell.'
    : 'The design of the layer is the same, the weights are others: its channels are not those.';
  return { ...found, note: `${what}. ${channel === undefined ? '' : caution}`.trim() };
}

/** The path of an address that may have a host, without query and fragment. */
function pathOf(text: string): string {
  const path = text.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
  return `${path.replace(/^\/+|\/+$/g, '').replace(/\/?index\.html$/, '')}/`;
}

/** A path as addresses, longest first: a site's base may stand before one. */
function candidates(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return [3, 2, 1].filter((n) => n <= parts.length).map((n) => `${parts.slice(-n).join('/')}/`);
}

/** The nearest address, part by part (atlas, then layer, then unit) as far as something is near; a site's base may stand before it. */
function suggestions(path: string, known: readonly string[]): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  const found = parts.map((_, start) => nearestBelow(parts.slice(start), known)).filter((address) => address !== '');
  found.sort((a, b) => b.split('/').length - a.split('/').length);
  return found.length > 0 ? found.slice(0, 1) : known.filter((one) => one.split('/').length === 2).slice(0, 3);
}

function nearestBelow(parts: readonly string[], known: readonly string[]): string {
  let prefix = '';
  for (const part of parts.slice(0, 3)) {
    const below = known.flatMap((one) => (one.startsWith(prefix) ? [one.slice(prefix.length).split('/')[0] ?? ''] : []));
    const names = [...new Set(below)].filter((name) => name !== '');
    const best = names.includes(part) ? part : nearest(part, names);
    if (best === undefined) break;
    prefix += `${best}/`;
  }
  return prefix;
}
