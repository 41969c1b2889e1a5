/** `atlas render --unit <address>`: one unit of an atlas rendered again, and compared with what was published. */
import { realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { describeSoftware } from '../batch/atlas-record.ts';
import { sha256 } from '../batch/canonical.ts';
import { openEngine } from '../batch/open-engine.ts';
import { openProgress } from '../batch/progress.ts';
import { fault, reason } from '../graph/errors.ts';
import { interruptible } from './interrupt.ts';
import { type RuntimeOptions, runtimeChoice, shownPath } from './options.ts';
import { atlasesFolder } from './places.ts';
import { findAtlasLayer, parseAddress } from './render-unit-address.ts';
import { findUnit, renderAgain } from './render-unit-again.ts';
import { compareUnit, describeUnit, type UnitReport } from './render-unit-report.ts';

/** What {@link addUnitOptions} leaves in a command's options. */
export interface UnitOptions extends RuntimeOptions {
  unit?: string;
  seed?: number;
  diverse?: boolean;
  compare?: boolean;
  data?: string;
  json?: boolean;
  out?: string;
}

export function addUnitOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--unit <address>',
        'renders one unit of an atlas again, <atlas>/<layer>/<unit> as on the site, into a file of its own',
      ).conflicts('batch'),
    )
    .option('--seed <number>', "with --unit: the start, of those in the unit's record (the first if left out)", wholeNumber)
    .option('--diverse', "with --unit: of the unit's diverse pictures, not of its renders")
    .option('--compare', 'with --unit: says how far the picture is from the published one; exit code 1 where it is another picture')
    .option('--data <dir>', 'with --unit: the folder of atlases (data/atlases if left out)')
    .option('--json', 'with --unit: print JSON');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}

/** Throws with exit code 2 where an option stands that only `--unit` has a use for. */
export function refuseWithoutUnit(options: UnitOptions): void {
  const stray = (['seed', 'diverse', 'compare', 'data', 'json'] as const).find((name) => options[name] !== undefined);
  if (stray)
    throw fault({
      where: 'atlas render',
      expected: '--unit <address>',
      name: `--${stray}`,
      received: undefined,
      remedy: 'It is for rendering one unit again; without --unit a whole plan is rendered.',
      exitCode: 2,
    });
}

/** Renders the unit, writes its picture, and reports. */
export async function renderUnit(text: string, plan: string | undefined, options: UnitOptions): Promise<void> {
  if (plan !== undefined)
    throw fault({
      where: 'atlas render',
      expected: 'no plan',
      name: '--unit',
      received: plan,
      remedy: "A unit is rendered by its own atlas's plan; --data names another folder of atlases.",
      exitCode: 2,
    });
  const address = parseAddress(text);
  const data = options.data ?? atlasesFolder();
  const { folder, atlas, layer } = await findAtlasLayer(data, address);
  const progress = openProgress(options.json ? process.stderr : process.stdout);
  const engine = openEngine(progress);
  const wanted = { unit: address.unit, seed: options.seed ?? address.seed, series: options.diverse ? 'diverse' : 'renders' } as const;
  const found = await findUnit({ folder, atlas, layer, engine }, wanted);
  const { task } = found;
  const file = shownPath(options.out ?? `${address.unit}-${options.diverse ? 'diverse-' : ''}${task.seed}.webp`);
  await refuseStore(file, data);
  const report = await interruptible('Nothing was written.', async (signal): Promise<UnitReport> => {
    const runtime = await engine.openRuntime(runtimeChoice(options));
    const { record, bytes } = await renderAgain(found, { engine, runtime, progress, signal });
    await write(file, bytes);
    const made = { bytes, sha256: sha256(bytes), key: task.key };
    return {
      atlas: atlas.slug,
      layer: layer.slug,
      unit: address.unit,
      seed: task.seed,
      file,
      sha256: made.sha256,
      state: record.state,
      score: record.score,
      software: describeSoftware(runtime),
      ...(options.compare ? { comparison: await compareUnit(found, made) } : {}),
    };
  });
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : describeUnit(report));
  if (report.comparison?.same_picture === false) process.exitCode = 1;
}

/** A store holds what its plan's run put there, and nothing else. */
async function refuseStore(file: string, data: string): Promise<void> {
  const real = (folder: string) => realpath(folder).catch(() => path.resolve(folder));
  const relative = path.relative(await real(data), path.join(await real(path.dirname(file)), path.basename(file)));
  if (relative.startsWith('..') || path.isAbsolute(relative)) return;
  throw fault({
    where: 'atlas render',
    expected: 'a file outside the folder of atlases',
    name: '--out',
    received: file,
    remedy: 'Give --out another place: an atlas holds only what its plan renders.',
    exitCode: 2,
  });
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(file, bytes).catch((cause: unknown) => {
    throw fault({
      where: file,
      expected: 'a file that can be written',
      name: '--out',
      received: reason(cause),
      remedy: 'Give --out a path in a folder that is there.',
      cause,
    });
  });
}
