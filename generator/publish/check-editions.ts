/** Holding a store to the ledger: every edition that was published is there, and is what it was. */
import path from 'node:path';
import { changes, firstTen, indexLedger, type Ledger } from '../../data/schema.ts';
import { editionFolder, frozenEditions } from '../batch/editions.ts';
import { readAtlas } from '../batch/store.ts';
import type { Finding } from '../batch/verify.ts';
import { reason } from '../graph/errors.ts';
import { currentEdition, frozenEdition } from './edition.ts';
import { readLedger } from './ledger-file.ts';

/** What is wrong with the published editions of a store, relative to it. The store's pictures are `verifyStore`'s to check. */
export async function checkEditions(store: string, ledgerFile: string): Promise<Finding[]> {
  const ledger = indexLedger(await readLedger(ledgerFile));
  const atlas = await readAtlas(store).catch(() => undefined);
  if (!atlas) return [];
  const published = (ledger.get(`${atlas.slug}/`)?.editions ?? []).map(({ edition }) => edition);
  const findings: Finding[] = [];
  for (const edition of published) findings.push(...(await checkFrozen(store, ledger, edition)));
  for (const edition of await frozenEditions(store))
    if (!published.includes(edition))
      findings.push({ file: editionFolder(edition), problem: 'is in no line of the ledger; publish it again, or remove it' });
  if (published.includes(atlas.edition)) {
    const changed = await currentEdition(store).then(
      (now) => changes(ledger, now),
      () => [],
    );
    if (changed.length > 0)
      findings.push({ file: 'atlas.json', problem: `edition ${atlas.edition} is published, and differs at ${firstTen(changed)}` });
  }
  return findings;
}

async function checkFrozen(store: string, ledger: Ledger, edition: number): Promise<Finding[]> {
  const file = editionFolder(edition);
  try {
    const changed = changes(ledger, await frozenEdition(store, edition));
    return changed.length > 0 ? [{ file, problem: `is not what was published: ${firstTen(changed)}` }] : [];
  } catch (error) {
    return [{ file: path.join(file), problem: `was published and cannot be read: ${reason(error)}` }];
  }
}
