/** `atlas run`, `atlas render`, `atlas compare`, `atlas portray`: a plan's work, whole or in parts. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_BATCH } from '../batch/batch-size.ts';
import { withLock } from '../batch/lock.ts';
import { type Log, logProgress, openLog } from '../batch/log.ts';
import { openEngine } from '../batch/open-engine.ts';
import { type CheckedPlan, readPlan } from '../batch/plan.ts';
import { openProgress, type Progress } from '../batch/progress.ts';
import { type OpenCrew, type RunSummary, runPlan } from '../batch/run.ts';
import { fault, reason } from '../graph/errors.ts';
import { readCosts } from '../shards/costs.ts';
import { parseShard, type ShardName, shardFolder, shardText } from '../shards/shard.ts';
import { costsOf, shareOf } from '../shards/share.ts';
import { buildSite } from './build.ts';
import { compare } from './compare.ts';
import { interruptible } from './interrupt.ts';
import {
  ATLASES,
  DEFAULT_PLAN,
  deviceOption,
  positive,
  type RuntimeOptions,
  runtimeChoice,
  runtimeOption,
  SHARDS,
  shownPath,
  threadsOption,
} from './options.ts';
import { type PortrayOptions, portray } from './portray.ts';
import { addQueueOptions, type QueueOptions, queueAddress } from './queue-options.ts';
import { addUnitOptions, refuseWithoutUnit, renderUnit, type UnitOptions } from './render-unit.ts';

interface RunOptions extends RuntimeOptions, PortrayOptions, QueueOptions {
  out?: string;
  build?: boolean;
  shard?: ShardName;
  costs?: string;
}

interface Job {
  readonly plan: CheckedPlan;
  readonly folder: string;
  readonly options: RunOptions;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** What happened, for machines, instead of sentences. */
  readonly log?: Log;
}

export function addRun(program: Command): void {
  const runCommand = planCommand(
    program,
    'run',
    'renders what the atlas of a plan lacks, measures, compares and portrays; goes on where it was stopped',
  );
  addQueueOptions(addShardOptions(runCommand), QUEUE)
    .addOption(new Option('--build', 'then build the site').conflicts(['out', 'json', 'shard']))
    .option('--json', 'print what happens as lines of JSON')
    .action((file: string | undefined, options: RunOptions) =>
      perform('run', file, options, async (job) => {
        if (options.shard) return render(job);
        await withLock(job.folder, async () => {
          await render(job);
          await compare(job);
          await portray(job);
        });
        if (options.build) await buildSite();
      }),
    );
  const renderCommand = planCommand(program, 'render', 'renders what the atlas of a plan lacks, or one unit again');
  addUnitOptions(addQueueOptions(addShardOptions(renderCommand), QUEUE)).action(
    async (file: string | undefined, options: RunOptions & UnitOptions) => {
      if (options.unit !== undefined) return renderUnit(options.unit, file, options);
      refuseWithoutUnit(options);
      return perform('render', file, options, render);
    },
  );
  planCommand(program, 'compare', 'measures and compares what is rendered')
    .option('--images <folder>', "photographs to look at the network with, instead of the plan's")
    .option('--observer <model>', "a second observer, instead of the plan's: any network but the one studied")
    .addOption(
      new Option('--recompute', 'computes the comparison again from its files, without a network, and says what differs').conflicts([
        'images',
        'observer',
      ]),
    )
    .addOption(
      new Option(
        '--ratings <files...>',
        "reads people's answers to the atlas's study, all that there are so far, and does nothing else",
      ).conflicts(['images', 'observer', 'recompute']),
    )
    .option('--key <file>', "with --ratings: the study's key, if it is not in the atlas's folder")
    .addOption(
      new Option('--controls', 'then runs the controls of the comparison, C0 to C7, and adds them to it (some minutes)').conflicts(
        'recompute',
      ),
    )
    .action((file: string | undefined, options: RunOptions) => perform('compare', file, options, compare));
  planCommand(program, 'portray', "makes what units' pages show beside the renders, and the map, of a compared atlas")
    .option('--images <folder>', 'the photographs, if "atlas compare" was given others than the plan\'s')
    .option('--json', 'print what was made as JSON, and the progress as errors are')
    .action((file: string | undefined, options: RunOptions) => perform('portray', file, options, portray));
}

const QUEUE = 'leaves the rendering to the workers at a queue';

function planCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('[plan]', 'a plan file (data/plans/quick.json if left out)')
    .option(
      '--out <dir>',
      `the folder of the atlas (data/atlases/<atlas> if left out)${name === 'render' ? '; with --unit, the file of the picture' : ''}`,
    )
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .addOption(
      new Option(
        '--batch <number>',
        `pictures rendered at a time; auto measures (${DEFAULT_BATCH}, or one for each thread, if left out)`,
      ).argParser(batchSize),
    );
}

function addShardOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--shard <i/n>',
        'renders the i-th of n equal parts of the plan, from 1/n to n/n, into a store of its own (data/shards/<atlas>/<i>-of-<n> if --out is left out), and compares nothing: "atlas merge" puts the stores together',
      )
        .argParser(parseShard)
        .conflicts('unit'),
    )
    .option(
      '--costs <file>',
      'with --shard: what a step of each layer takes, as "atlas bench --plan PLAN --json" measured it; the same file for all',
    );
}

const batchSize = (text: string) => (text === 'auto' ? text : positive(text));

async function perform(name: string, given: string | undefined, options: RunOptions, work: (job: Job) => Promise<void>): Promise<void> {
  const file = shownPath(given ?? DEFAULT_PLAN);
  const plan = await readPlan(file);
  const { shard } = options;
  if (options.costs !== undefined && !shard)
    throw fault({
      where: '--costs',
      expected: '--shard beside it',
      name: 'the costs',
      received: options.costs,
      remedy: 'A plan is divided by them; a whole one has no use for them.',
      exitCode: 2,
    });
  const store = shard ? path.join(SHARDS, plan.plan.atlas, shardFolder(shard)) : path.join(ATLASES, plan.plan.atlas);
  const folder = shownPath(options.out ?? store);
  const told = (['out', 'images', 'observer', 'costs'] as const).flatMap((option) =>
    options[option] ? [`--${option}`, options[option]] : [],
  );
  const part = shard ? ['--shard', shardText(shard)] : [];
  // Without the address, which may hold a password.
  const queue = options.queue ? ['--queue …'] : [];
  const again = [
    'npx atlas',
    name,
    file,
    ...part,
    ...told,
    ...queue,
    ...(options.controls ? ['--controls'] : []),
    ...(options.build ? ['--build'] : []),
  ].join(' ');
  const log = name === 'run' && options.json ? openLog() : undefined;
  const progress = log ? logProgress(log) : openProgress(options.json ? process.stderr : process.stdout);
  await interruptible(`To go on from there, give the same command again: ${again}`, (signal) =>
    work({ plan, folder, options, progress, signal, ...(log ? { log } : {}) }).catch((error: unknown) => {
      log?.('error', signal.aborted ? 'stopped' : 'error', { message: reason(error) });
      throw error;
    }),
  );
}

async function render({ plan, folder, options, progress, signal, log }: Job): Promise<void> {
  const { batch, shard, costs } = options;
  const engine = openEngine(progress);
  const given = costs === undefined ? undefined : await readCosts(costs);
  const summary = await runPlan({
    ...{ plan, folder, engine, runtime: runtimeChoice(options), progress, signal },
    ...(batch ? { batch } : {}),
    ...(shard ? { share: (work, model) => shareOf({ work, model, costs: costsOf(work, model, engine, given) }, shard) } : {}),
    ...(options.queue ? { crew: await openCrew(options) } : {}),
  });
  if (log) log(summary.failed.length > 0 ? 'error' : 'info', 'rendered', { ...summary });
  else process.stdout.write(describeRun(summary));
  if (summary.failed.length > 0) process.exitCode = 1;
}

/** Loaded only where it is asked for: every other command starts without a client for Redis. */
async function openCrew(options: RunOptions): Promise<OpenCrew> {
  const address = queueAddress(options, 'run');
  const { queueCrew } = await import('../queue/crew.ts');
  return queueCrew({ address });
}

/** What a run did, for people: a line, and one more for each picture that failed. */
export function describeRun({ folder, rendered, reused, flat, diverged, failed, removed }: RunSummary): string {
  const notes = [
    `${rendered} pictures rendered`,
    `${reused} were there`,
    ...(flat > 0 ? [`${flat} flat`] : []),
    ...(diverged > 0 ? [`${diverged} diverged`] : []),
    ...(removed > 0 ? [`${removed} old files removed`] : []),
    ...(failed.length > 0 ? [`${failed.length} FAILED`] : []),
  ];
  const again = failed.length > 0 ? 'The same command tries them again.\n' : '';
  return `${folder}: ${notes.join(', ')}\n${describeFailures(failed)}${again}`;
}

/** A line for each picture that failed. */
export function describeFailures(failed: RunSummary['failed']): string {
  return failed.map(({ layer, unit, seed, message }) => `  ${layer} ${unit}, seed ${seed}: ${message}\n`).join('');
}
