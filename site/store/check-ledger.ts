/** Refuses a build that would break what was published: an address gone, an edition changed, a redirect into nothing. */
import { type CurrentEdition, changes, disagreements, firstTen, type Ledger, newestEdition } from '../../data/schema.ts';
import { fault } from './fault.ts';

/** Throws a fault for the first kind of breach, with its first ten addresses. `file` is the ledger's. */
export function checkLedger(file: string, ledger: Ledger, current: readonly CurrentEdition[], frozen: readonly CurrentEdition[]): void {
  const { vanished, changed, astray } = disagreements(ledger, current);
  if (vanished.length > 0)
    refuse(file, vanished, 'a page, a redirect or a tombstone for every address ever published', {
      received: 'without one',
      remedy: 'Restore the atlas, or say what became of them, a layer at a time: npx atlas retire ADDRESS --why "…" [--to ADDRESS]',
    });
  if (changed.length > 0) {
    const [slug = ''] = (changed[0] ?? '').split('/');
    const newest = newestEdition(ledger, slug);
    refuse(file, changed, 'an edition that stays as it was published', {
      received: 'with another content',
      remedy: `Restore the atlas, or publish what is there as the next edition: npx atlas publish ${slug} --edition ${newest + 1}`,
    });
  }
  const spoilt = frozen.flatMap((edition) => changes(ledger, edition).map((address) => `${address}edition-${edition.edition}/`));
  if (spoilt.length > 0)
    refuse(file, spoilt, 'frozen editions as they were published', {
      received: 'with another content',
      remedy: 'Restore the files under editions/: "git checkout" has them as they were committed.',
    });
  if (astray.length > 0)
    refuse(file, astray, 'redirects and tombstones that lead to a page', {
      received: 'that lead nowhere',
      remedy: 'Say where they lead now: npx atlas retire ADDRESS --why "…" [--to ADDRESS or --instead ADDRESS]',
    });
  const behind = current.find(({ slug, edition }) => edition < newestEdition(ledger, slug));
  if (behind)
    throw fault({
      where: file,
      expected: `at least ${newestEdition(ledger, behind.slug)}, which is published`,
      name: `the edition of ${behind.slug}`,
      received: behind.edition,
      remedy: 'Restore the atlas of the newest edition: the plain addresses show it.',
    });
}

function refuse(
  where: string,
  addresses: readonly string[],
  expected: string,
  { received, remedy }: { received: string; remedy: string },
): never {
  const count = `${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'} ${received}`;
  // The addresses stand in the line that is not cut short.
  throw fault({ where, expected, name: 'the site', received: count, remedy: `${firstTen(addresses)}\n${remedy}` });
}
