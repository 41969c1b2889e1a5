/** Holding a store to the ledger: every edition that was published is there, and is what it was. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { type Atlas, atlas as atlasSchema, changes, firstTen, indexLedger, type Ledger, parseSealed } from '../../data/schema.ts';
import { TEMPORARY } from '../batch/disk.ts';
import { editionFolder, frozenEditions, readFrozenUnits } from '../batch/editions.ts';
import { type Finding, REPAIR } from '../batch/finding.ts';
import { layerFile } from '../batch/journal.ts';
import { ATLAS_FILE, readAtlas } from '../batch/store.ts';
import { reason } from '../graph/errors.ts';
import { currentEdition, frozenEdition } from './edition.ts';
import { readLedger } from './ledger-file.ts';

/** What is wrong with the published editions of a store and with the ledger, relative to the store. The store's pictures are `verifyStore`'s to check. */
export async function checkEditions(store: string, ledgerFile: string): Promise<Finding[]> {
  const atlas = await readAtlas(store).catch(() => undefined);
  if (!atlas) return [];
  let ledger: Ledger;
  try {
    ledger = indexLedger(await readLedger(ledgerFile));
  } catch (error) {
    const [problem] = reason(error).split('\n');
    return [{ file: path.relative(store, ledgerFile), problem, repair: REPAIR.restore }];
  }
  const published = (ledger.get(`${atlas.slug}/`)?.editions ?? []).map(({ edition }) => edition);
  const findings: Finding[] = [];
  for (const edition of published) findings.push(...(await checkFrozen(store, ledger, edition)));
  for (const edition of await frozenEditions(store))
    if (!published.includes(edition))
      findings.push({ file: editionFolder(edition), problem: 'is in no line of the ledger', repair: REPAIR.publish });
  for (const file of await strayFiles(store)) findings.push({ file, problem: 'is of no edition', repair: REPAIR.remove });
  if (published.includes(atlas.edition)) {
    const changed = await currentEdition(store).then(
      (now) => changes(ledger, now),
      () => [],
    );
    if (changed.length > 0)
      findings.push({
        file: ATLAS_FILE,
        problem: `edition ${atlas.edition} is published, and differs at ${firstTen(changed)}`,
        repair: REPAIR.edition,
      });
  }
  return findings;
}

/** Each file of an edition is what was written, and says what the ledger has of it. */
async function checkFrozen(store: string, ledger: Ledger, edition: number): Promise<Finding[]> {
  const folder = editionFolder(edition);
  const findings: Finding[] = [];
  const look = async <T>(file: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      const problem = `was published and cannot be read: ${reason(error).split('\n')[0]}`;
      findings.push({ file: `${folder}/${file}`, problem, repair: REPAIR.restore });
      return undefined;
    }
  };
  const atlas = await look(ATLAS_FILE, async () => {
    const value = parseSealed(await readFile(path.join(store, folder, ATLAS_FILE), 'utf8'), atlasSchema) as Atlas;
    atlasSchema.parse(value);
    return value;
  });
  for (const { slug } of atlas?.layers ?? []) await look(layerFile(slug), () => readFrozenUnits(path.join(store, folder, layerFile(slug))));
  if (findings.length > 0) return findings;
  const changed = changes(ledger, await frozenEdition(store, edition));
  const byFile = Map.groupBy(changed, (address) => {
    const [, layer] = address.split('/');
    return layer ? layerFile(layer) : ATLAS_FILE;
  });
  return [...byFile].map(([file, addresses]) => ({
    file: `${folder}/${file}`,
    problem: `is not what was published: ${firstTen(addresses)}`,
    repair: REPAIR.restore,
  }));
}

/** Files in the folders of editions that are none of theirs. */
async function strayFiles(store: string): Promise<string[]> {
  const found = await glob('editions/**/*', { cwd: store, dot: true, ignore: [`**/*${TEMPORARY}`] });
  const named = new Set<string>();
  for (const edition of await frozenEditions(store)) {
    const folder = editionFolder(edition);
    const text = await readFile(path.join(store, folder, ATLAS_FILE), 'utf8');
    // Of one that cannot be read, nobody knows what is too much.
    const layers = parsedLayers(text) ?? found.filter((file) => file.startsWith(`${folder}/`)).map((file) => path.basename(file, '.jsonl'));
    for (const file of [ATLAS_FILE, ...layers.map(layerFile)]) named.add(`${folder}/${file}`);
  }
  return found.filter((file) => !named.has(file)).sort();
}

function parsedLayers(text: string): string[] | undefined {
  try {
    return atlasSchema.parse(parseSealed(text)).layers.map(({ slug }) => slug);
  } catch {
    return undefined;
  }
}
