/** `atlas verify [DIR]`: is the store what it says it is? */
import path from 'node:path';
import type { Command } from 'commander';
import glob from 'fast-glob';
import { ATLAS_FILE } from '../batch/store.ts';
import { type Verification, verifyStore } from '../batch/verify.ts';
import { checkStudy } from '../compare/study/check-study.ts';
import { fault } from '../graph/errors.ts';
import { checkPortraits } from '../portray/check-portraits.ts';
import { checkEditions } from '../publish/check-editions.ts';
import { ATLASES, shownPath } from './options.ts';
import { ledgerFile } from './places.ts';

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      're-hashes the images of an atlas and checks its records, vectors, comparison, study, portraits and published editions; names what is wrong',
    )
    .argument('[dir]', 'the atlas (every one under data/atlases/ if left out)')
    .option('--json', 'print JSON')
    .action(async (folder: string | undefined, { json }: { json?: boolean }) => {
      const checked: Verification[] = [];
      for (const atlas of folder ? [folder] : await findAtlases()) checked.push(await verifyAtlas(atlas));
      process.stdout.write(json ? `${JSON.stringify(checked, null, 2)}\n` : checked.map(describeVerification).join(''));
      if (checked.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
    });
}

/** Checks a store, its study, its portraits and its published editions; these only where a ledger is there to hold them to. */
export async function verifyAtlas(
  folder: string,
  ledger: string | null = ledgerFile(path.dirname(path.resolve(folder))),
): Promise<Verification> {
  const { findings, ...rest } = await verifyStore(folder);
  const editions = ledger === null ? [] : await checkEditions(folder, ledger);
  return { ...rest, findings: [...findings, ...(await checkStudy(folder)), ...(await checkPortraits(folder)), ...editions] };
}

async function findAtlases(): Promise<string[]> {
  const files = await glob(`*/${ATLAS_FILE}`, { cwd: ATLASES });
  if (files.length === 0)
    throw fault({
      where: shownPath(ATLASES),
      expected: 'an atlas',
      name: 'the folder',
      received: 'none',
      remedy: 'Run a plan first ("atlas run"), or name the folder of an atlas.',
      exitCode: 2,
    });
  return files.sort().map((file) => path.join(ATLASES, path.dirname(file)));
}

/** What a person reads. */
export function describeVerification({ folder, layers, units, images, findings }: Verification): string {
  const verdict = findings.length === 0 ? 'all is well' : `${findings.length} wrong`;
  const lines = findings.map(({ file, problem }) => `  ${file}: ${problem}\n`);
  return `${shownPath(folder)}: ${layers} layers, ${units} units, ${images} images; ${verdict}\n${lines.join('')}`;
}
