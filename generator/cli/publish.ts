/** `atlas publish` and `atlas retire`: what is said to the world stays, or says where it went. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import glob from 'fast-glob';
import { DurableFolder } from '../batch/disk.ts';
import { withLock } from '../batch/lock.ts';
import { ATLAS_FILE, clearUnfinished } from '../batch/store.ts';
import { verifyStore } from '../batch/verify.ts';
import { fault } from '../graph/errors.ts';
import { publish } from '../publish/publish.ts';
import { retire } from '../publish/retire.ts';
import { positive, shownPath } from './options.ts';
import { atlasesFolder, ledgerFile, today } from './places.ts';

export function addPublish(program: Command): void {
  program
    .command('publish')
    .description('freezes an edition of an atlas and enters its addresses in data/ledger.jsonl; every build holds the site to them')
    .argument('[atlas]', 'its name (the only one there is if left out)')
    .option('--edition <number>', 'the edition (that of atlas.json if left out)', positive)
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { edition, json }: { edition?: number; json?: boolean }) => {
      const atlases = atlasesFolder();
      const store = path.join(atlases, name ?? (await onlyAtlas(atlases)));
      const ledger = ledgerFile(atlases);
      await checkSound(store);
      const done = await publish({ store, ledger, today: today(), ...(edition ? { edition } : {}) });
      const said = `${done.slug}, edition ${done.edition}: ${done.addresses} addresses`;
      const text = done.already ? `${said}, published before and unchanged\n` : `${said} published, in ${shownPath(ledger)}\n${COMMIT}`;
      process.stdout.write(json ? `${JSON.stringify(done, null, 2)}\n` : text);
    });
}

const COMMIT = 'Commit the ledger with the edition it speaks of, and build the site.\n';

export function addRetire(program: Command): void {
  program
    .command('retire')
    .description('says what became of published addresses that are no longer there: a redirect, or a tombstone')
    .argument('<address>', 'an atlas, a layer or a unit; all that is gone there and below is retired')
    .requiredOption('--why <text>', 'the reason, for readers')
    .addOption(new Option('--to <address>', 'where the same thing stands now; of a layer, unit by unit').conflicts('instead'))
    .option('--instead <address>', 'what takes its place without being the same, for its tombstone')
    .option('--json', 'print JSON')
    .action(async (address: string, { json, ...said }: { why: string; to?: string; instead?: string; json?: boolean }) => {
      const atlases = atlasesFolder();
      const ledger = ledgerFile(atlases);
      const done = await retire({ atlases, ledger, address, today: today(), ...said });
      const text = `${done.redirects} redirects and ${done.tombstones} tombstones, in ${shownPath(ledger)}\n`;
      process.stdout.write(json ? `${JSON.stringify(done, null, 2)}\n` : text);
    });
}

async function checkSound(store: string): Promise<void> {
  // What a killed command left is no reason to refuse, this one's own least of all. The lock would make a folder that is not there.
  if (existsSync(path.join(store, ATLAS_FILE))) await withLock(store, () => clearUnfinished(new DurableFolder(store)));
  const { findings } = await verifyStore(store);
  if (findings[0] === undefined) return;
  throw fault({
    where: shownPath(store),
    expected: 'a sound store',
    name: 'the atlas to publish',
    received: `${findings.length} wrong, first ${findings[0].file}: ${findings[0].problem}`,
    remedy: 'Run "npx atlas verify" for all of them.',
  });
}

/** The name of the only atlas of a folder of atlases. */
export async function onlyAtlas(atlases: string): Promise<string> {
  const names = (await glob(`*/${ATLAS_FILE}`, { cwd: atlases })).map((file) => path.dirname(file)).sort();
  if (names.length === 1 && names[0]) return names[0];
  throw fault({
    where: shownPath(atlases),
    expected: 'one atlas, or the name of one',
    name: 'the atlas to publish',
    received: names.length === 0 ? 'none' : names.join(', '),
    remedy: names.length === 0 ? 'Run a plan first ("atlas run").' : 'Name it: npx atlas publish ATLAS',
    exitCode: 2,
  });
}
