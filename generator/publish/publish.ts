/** Publishing an edition: freezing it, and entering its addresses in the ledger. From then on neither may change. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { changes, disagreements, firstTen, indexLedger, type Ledger, type LedgerEntry, newestEdition } from '../../data/schema.ts';
import { DurableFolder } from '../batch/disk.ts';
import { editionFolder } from '../batch/editions.ts';
import { layerFile } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { ATLAS_FILE, atlasText } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import { currentEdition, type Edition } from './edition.ts';
import { appendLedger, readLedger } from './ledger-file.ts';

/** What to publish, and where its record is kept. */
export interface PublishRequest {
  /** The folder of the atlas. */
  readonly store: string;
  /** data/ledger.jsonl */
  readonly ledger: string;
  /** The number; that of atlas.json if left out. */
  readonly edition?: number;
  /** `2026-11-24` */
  readonly today: string;
}

/** What was published. */
export interface Publication {
  readonly slug: string;
  readonly edition: number;
  readonly addresses: number;
  /** Whether it had been published before, just as it is. */
  readonly already: boolean;
}

/** Publishes, or finds that it has been; the store is sound (`verifyStore`). Throws, and changes nothing, where an older address would vanish or an edition would change. */
export async function publish(request: PublishRequest): Promise<Publication> {
  return withLock(path.dirname(request.ledger), () => withLock(request.store, () => publishLocked(request)));
}

async function publishLocked({ store, ledger: file, edition, today }: PublishRequest): Promise<Publication> {
  const now = await currentEdition(store);
  checkFolder(store, now.slug);
  const ledger = indexLedger(await readLedger(file));
  const number = edition ?? now.edition;
  const done = { slug: now.slug, edition: number, addresses: now.contents.size };
  if (checkNumber(store, ledger, now, number)) return { ...done, already: true };
  checkComplete(store, now);
  checkVanished(store, ledger, now);
  await freeze(store, now, number);
  const entries = [...now.contents].map(
    ([address, content]): LedgerEntry => ({ address, edition: number, content, status: 'published', when: today }),
  );
  await appendLedger(file, entries);
  return { ...done, already: false };
}

/** Whether that edition is published as it is. Throws where it is published otherwise, or a newer one is. */
function checkNumber(store: string, ledger: Ledger, now: Edition, number: number): boolean {
  const newest = newestEdition(ledger, now.slug);
  if (number > newest) return false;
  const wrong = (expected: string, received: string, which = '') =>
    fault({
      where: store,
      expected,
      name: `edition ${number}`,
      received,
      remedy: `${which}Publish what is there as the next edition: npx atlas publish ${now.slug} --edition ${newest + 1}`,
    });
  if (number < newest || number !== now.edition) throw wrong(`a number above ${newest}, the newest published`, String(number));
  const changed = changes(ledger, now);
  if (changed.length > 0) throw wrong('what was published under that number', `${changed.length} that differ`, `${firstTen(changed)}. `);
  return true;
}

/** The site looks for an edition in the folder that its addresses begin with. */
function checkFolder(store: string, slug: string): void {
  if (path.basename(path.resolve(store)) === slug) return;
  throw fault({
    where: store,
    expected: `a folder called ${slug}`,
    name: 'the atlas to publish',
    received: path.basename(store),
    remedy: 'Rename the folder: it is the first part of every address.',
  });
}

function checkComplete(store: string, { atlas }: Edition): void {
  if (atlas.complete) return;
  throw fault({
    where: store,
    expected: 'every render of its plan',
    name: 'the atlas to publish',
    received: 'an atlas in progress',
    remedy: 'Run its plan to the end: npx atlas run PLAN',
  });
}

function checkVanished(store: string, ledger: Ledger, now: Edition): void {
  const vanished = disagreements(ledger, [now]).vanished.filter((address) => address.startsWith(`${now.slug}/`));
  if (vanished.length === 0) return;
  throw fault({
    where: store,
    expected: 'every address that was ever published, or a redirect or tombstone for it',
    name: 'the new edition',
    received: `${vanished.length} gone`,
    remedy: `${firstTen(vanished)}. Say what became of them, a layer at a time: npx atlas retire ADDRESS --why "…" [--to ADDRESS]`,
  });
}

/** Writes the edition beside the store's own records. What a killed attempt left is replaced: the ledger does not know it. */
async function freeze(store: string, { atlas, layers }: Edition, number: number): Promise<void> {
  const folder = new DurableFolder(store);
  const into = editionFolder(number);
  const numbered = atlasText({ ...atlas, edition: number });
  await rm(folder.resolve(into), { recursive: true, force: true });
  for (const { layer, units } of layers)
    await folder.replace(`${into}/${layerFile(layer.slug)}`, units.map((unit) => `${JSON.stringify(unit)}\n`).join(''));
  await folder.replace(`${into}/${ATLAS_FILE}`, numbered);
  if (atlas.edition !== number) await folder.replace(ATLAS_FILE, numbered);
}
