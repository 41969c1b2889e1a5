/** Retiring addresses whose units are gone: a redirect where the same thing stands elsewhere, a tombstone where it does not. */
import path from 'node:path';
import { address as addressSchema, firstTen, follow, indexLedger, type Ledger, type LedgerEntry, ledgerReason } from '../../data/schema.ts';
import { withLock } from '../batch/lock.ts';
import { type AtlasError, fault } from '../graph/errors.ts';
import { appendLedger, readLedger } from './ledger-file.ts';
import { presentAddresses } from './present.ts';

/** What to retire. */
export interface RetireRequest {
  /** The folder of atlases, and the ledger. */
  readonly atlases: string;
  readonly ledger: string;
  /** An atlas, a layer or a unit: whatever was published there or below and is there no longer. */
  readonly address: string;
  readonly why: string;
  /** Where the same thing stands now. */
  readonly to?: string;
  /** What takes its place without being the same: for a tombstone. */
  readonly instead?: string;
  readonly today: string;
}

/** What was retired. */
export interface Retired {
  readonly redirects: number;
  readonly tombstones: number;
}

type Retirement = Exclude<LedgerEntry, { status: 'published' }>;

/** Enters the redirects and tombstones. Throws, and changes nothing, for an address that was never published or is still there. */
export async function retire(request: RetireRequest): Promise<Retired> {
  return withLock(path.dirname(request.ledger), async () => {
    const ledger = indexLedger(await readLedger(request.ledger));
    const { addresses } = await presentAddresses(request.atlases);
    const entries = retirements(request, ledger, addresses);
    await appendLedger(request.ledger, entries);
    const redirects = entries.filter(({ status }) => status === 'redirect').length;
    return { redirects, tombstones: entries.length - redirects };
  });
}

/** The address as the ledger spells it: `/net/conv` → `net/conv/`. Throws for what cannot be one. */
export function spelled(text: string): string {
  const address = `${text.replace(/^\/+|\/+$/g, '')}/`;
  if (addressSchema.safeParse(address).success) return address;
  throw fault({
    where: 'atlas retire',
    expected: 'an address such as net/layer/channel-42/',
    name: 'the address',
    received: text,
    remedy: 'Give it without the host and without the base that the site is built for.',
    exitCode: 2,
  });
}

function retirements(request: RetireRequest, ledger: Ledger, live: ReadonlySet<string>): Retirement[] {
  const address = spelled(request.address);
  const [to, instead] = [request.to, request.instead].map((text) => (text === undefined ? undefined : spelled(text)));
  checkReason(request.why);
  const below = [...ledger.keys()].filter((one) => one.startsWith(address));
  if (below.length === 0)
    throw wrong('an address that was published', address, 'The ledger has none there or below: nothing needs retiring.');
  // Named by itself, one that is retired already may be sent elsewhere.
  const gone = below.filter((one) => !live.has(one) && (one === address || !ledger.get(one)?.retired));
  if (gone.length === 0) throw wrong('an address that is there no longer', address, 'Take it out of the plan and run that first.');
  for (const target of [to, instead]) if (target !== undefined) checkTarget(target, gone, ledger, live);
  if (to !== undefined && partsOf(to) !== partsOf(address))
    throw wrong(
      'a unit for a unit, a layer for a layer, an atlas for an atlas',
      to,
      'What is no more than a replacement is named by --instead.',
    );
  const known = (one: string) => live.has(one) || (ledger.has(one) && !ledger.get(one)?.retired);
  return gone.map((one): Retirement => {
    const said = { address: one, why: request.why, when: request.today };
    const same = to === undefined ? undefined : to + one.slice(address.length);
    if (same !== undefined && (one === address || known(same))) return { ...said, status: 'redirect', to: same };
    const named = to ?? instead;
    return { ...said, status: 'tombstone', ...(named === undefined ? {} : { to: named }) };
  });
}

function checkReason(why: string): void {
  if (ledgerReason.safeParse(why).success) return;
  throw fault({
    where: 'atlas retire',
    expected: 'a line of up to 500 letters, without control characters',
    name: '--why',
    received: why,
    remedy: 'Readers of the old address see it: say in a sentence what happened.',
    exitCode: 2,
  });
}

function checkTarget(to: string, gone: readonly string[], ledger: Ledger, live: ReadonlySet<string>): void {
  const chain = follow(ledger, to);
  if (!live.has(to) && !ledger.has(to))
    throw wrong('an address of an atlas that is there', to, 'Render what takes its place first, then say that it does.');
  const circle = chain.filter((one) => gone.includes(one));
  if (circle.length > 0) throw wrong('an address that does not lead back', firstTen(circle), 'Give --to where it stands now.');
}

function partsOf(address: string): number {
  return address.split('/').length;
}

function wrong(expected: string, received: string, remedy: string): AtlasError {
  return fault({ where: 'atlas retire', expected, name: 'the address', received, remedy, exitCode: 2 });
}
