/** `atlas verify [DIR]`: is the store what it says it is? */
import path from 'node:path';
import type { Command } from 'commander';
import glob from 'fast-glob';
import { ATLAS_FILE } from '../batch/store.ts';
import type { Verification } from '../batch/verify.ts';
import { fault } from '../graph/errors.ts';
import { checkAtlas } from '../repair/check-atlas.ts';
import { ATLASES, shownPath } from './options.ts';
import { ledgerFile } from './places.ts';

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      're-hashes the images of an atlas and checks its records, vectors, comparison, study, portraits and published editions; names what is wrong, and what sets it right',
    )
    .argument('[dir]', 'the atlas (every one under data/atlases/ if left out)')
    .option('--json', 'print JSON')
    .action(async (folder: string | undefined, { json }: { json?: boolean }) => {
      const checked: Verification[] = [];
      for (const atlas of folder ? [folder] : await findAtlases()) checked.push(await checkAtlas(atlas, ledgerOf(atlas)));
      process.stdout.write(json ? `${JSON.stringify(checked, null, 2)}\n` : checked.map(describeVerification).join(''));
      if (checked.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
    });
}

/** The ledger that speaks of an atlas: that of the folder it lies in. */
export function ledgerOf(atlas: string): string {
  return ledgerFile(path.dirname(path.resolve(atlas)));
}

/** Every atlas under data/atlases/. */
export async function findAtlases(): Promise<string[]> {
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

/** What a check found, for people: a line, and one more for each thing that is wrong. */
export function describeVerification({ folder, layers, units, images, unsealed, findings }: Verification): string {
  const verdict = findings.length === 0 ? 'all is well' : `${findings.length} wrong`;
  const lines = findings.map(({ file, problem, repair }) => `  ${file}: ${problem}; ${repair}\n`);
  const old = unsealed.length > 0 ? `  no digests yet in ${unsealed.join(', ')}: "atlas repair" adds them\n` : '';
  return `${shownPath(folder)}: ${layers} layers, ${units} units, ${images} images; ${verdict}\n${lines.join('')}${old}`;
}
