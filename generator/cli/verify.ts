/** `atlas verify [DIR]`: is the store what it says it is? */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Command } from 'commander';
import glob from 'fast-glob';
import { openEngine } from '../batch/open-engine.ts';
import { openProgress } from '../batch/progress.ts';
import { ATLAS_FILE } from '../batch/store.ts';
import type { Verification } from '../batch/verify.ts';
import { fault } from '../graph/errors.ts';
import { checkAtlas } from '../repair/check-atlas.ts';
import { chanceOfFinding, type Sample, sampleAtlas } from '../repair/sample.ts';
import { interruptible } from './interrupt.ts';
import { ATLASES, deviceOption, positive, type RuntimeOptions, runtimeChoice, runtimeOption, shownPath, threadsOption } from './options.ts';
import { ledgerFile } from './places.ts';

/** What is said of a sample with the answer. */
const PROMISE = 'a sample of 30 finds 10 % wrong with 96 %, a sample of 300 finds 1 % with 95 %';

interface VerifyOptions extends RuntimeOptions {
  sample?: number;
  seed?: number;
  json?: boolean;
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      're-hashes the images of an atlas and checks its records, vectors, comparison, study, portraits and published editions; names what is wrong, and what sets it right',
    )
    .argument('[dir]', 'the atlas (every one under data/atlases/ if left out)')
    .option('--sample <number>', `then renders so many of its pictures again and compares: ${PROMISE}`, positive)
    .option('--seed <number>', 'with --sample: names the draw (drawn by the system if left out)', positive)
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .option('--json', 'print JSON')
    .action(async (folder: string | undefined, options: VerifyOptions) => {
      const { json, sample } = options;
      const checked: (Verification & { sample?: Sample })[] = [];
      for (const atlas of folder ? [folder] : await findAtlases()) {
        const found = await checkAtlas(atlas, ledgerOf(atlas));
        if (sample === undefined) checked.push(found);
        else checked.push(await withSample(found, sample, options));
      }
      const text = () => checked.map((one) => `${describeVerification(one)}${one.sample ? describeSample(one.sample) : ''}`).join('');
      process.stdout.write(json ? `${JSON.stringify(checked, null, 2)}\n` : text());
      if (checked.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
    });
}

async function withSample(found: Verification, size: number, options: VerifyOptions): Promise<Verification & { sample: Sample }> {
  const progress = openProgress(process.stderr);
  const sample = await interruptible('Nothing was written.', (signal) =>
    sampleAtlas({
      ...{ folder: found.folder, size, seed: options.seed ?? randomInt(1, 2 ** 31), engine: openEngine(progress) },
      ...{ runtime: runtimeChoice(options), progress, signal },
    }),
  );
  return { ...found, findings: [...found.findings, ...sample.findings], sample };
}

/** What a sample found, for people. */
export function describeSample({ seed, of, pictures }: Sample): string {
  const count = (verdict: string) => pictures.filter((one) => one.verdict === verdict).length;
  const near = pictures.flatMap(({ verdict, distance }) => (verdict === 'near' && distance !== null ? [distance] : []));
  const [same, wrong] = [count('same'), pictures.length - count('same') - near.length];
  const share = 1 - 0.05 ** (1 / Math.max(1, pictures.length));
  return [
    `  ${pictures.length} of ${of} pictures rendered again (--seed ${seed}): ${same} the same to the byte`,
    ...(near.length > 0 ? [`, ${near.length} as near as rounding lets them be (${Math.max(...near).toFixed(1)} of 255 at most)`] : []),
    `, ${wrong} wrong\n`,
    `  If ${(100 * share).toFixed(1)} % of its pictures were wrong, such a sample would find one with 95 %; if 10 %, with ${(100 * chanceOfFinding(0.1, pictures.length)).toFixed(0)} %.\n`,
  ].join('');
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
