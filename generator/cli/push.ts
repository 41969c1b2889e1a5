/** `atlas push` and `atlas pull`: a store, to and from storage that speaks the S3 protocol. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { openProgress, SILENT } from '../batch/progress.ts';
import type { Verification } from '../batch/verify.ts';
import { fault } from '../graph/errors.ts';
import { checkAtlas } from '../repair/check-atlas.ts';
import { parseAddress, parseEndpoint } from '../storage/address.ts';
import { type Bucket, openBucket } from '../storage/bucket.ts';
import { type Pulled, pull } from '../storage/pull.ts';
import { type Pushed, push } from '../storage/push.ts';
import { interruptible } from './interrupt.ts';
import { shownPath } from './options.ts';
import { atlasesFolder } from './places.ts';
import { onlyAtlas } from './publish.ts';
import { describeVerification, ledgerOf } from './verify.ts';

interface StorageOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly concurrency: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly unverified?: boolean;
}

interface PushChoices extends StorageOptions {
  readonly to: string;
  readonly evidence?: boolean;
  readonly resend?: boolean;
  readonly prune?: boolean;
}

interface PullChoices extends StorageOptions {
  readonly out?: string;
  readonly force?: boolean;
}

export function addPush(program: Command): void {
  withStorageOptions(
    program
      .command('push')
      .description('publishes an atlas in a bucket (Amazon S3 and what speaks its protocol): only what is missing is sent')
      .argument('[dir]', 'the atlas (the only one under data/atlases/ if left out)')
      .requiredOption('--to <address>', 's3://bucket/prefix, a prefix of the atlas’s own')
      .option('--evidence', 'publishes what the comparison was computed from, too')
      .option('--resend', 'sends every file again, whatever is there')
      .option('--prune', 'deletes what is there and no longer named; whoever pulls meanwhile has to begin again')
      .option('--unverified', 'pushes the atlas as it is, without checking it first'),
  ).action(async (folder: string | undefined, choices: PushChoices) => {
    const store = folder ?? path.join(atlasesFolder(), await onlyAtlas(atlasesFolder()));
    if (!choices.unverified) await checkWhole(store);
    const done = await withBucket(choices.to, choices, (bucket) => push({ ...choices, store, bucket, progress: progressOf(choices) }));
    process.stdout.write(choices.json ? `${JSON.stringify(done, null, 2)}\n` : describePush(done, choices.dryRun ?? false));
  });
}

export function addPull(program: Command): void {
  withStorageOptions(
    program
      .command('pull')
      .description('fetches an atlas that was pushed: only what is missing, every byte checked')
      .argument('<address>', 's3://bucket/prefix')
      .option('--out <dir>', 'its folder (data/atlases/ and its name if left out)')
      .option('--force', 'gives up what the folder has and was never pushed')
      .option('--unverified', 'does not check the atlas as a whole in the end'),
  ).action(async (address: string, choices: PullChoices) => {
    const folder = (atlas: string) => choices.out ?? path.join(atlasesFolder(), atlas);
    const done = await withBucket(address, choices, (bucket) => pull({ ...choices, bucket, folder, progress: progressOf(choices) }));
    const checked = choices.unverified || choices.dryRun ? undefined : await verifyPulled(done.folder);
    const findings = checked?.findings ?? [];
    const text = describePull(done, choices.dryRun ?? false) + (checked ? describeVerification(checked) : '');
    process.stdout.write(choices.json ? `${JSON.stringify({ ...done, ...(checked ? { findings } : {}) }, null, 2)}\n` : text);
    if (findings.length > 0) process.exitCode = 1;
  });
}

function withStorageOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'a server that is not Amazon’s: https://storage.example.org', parseEndpoint)
    .option('--region <name>', 'the bucket’s region (AWS_REGION and ~/.aws/config if left out)')
    .addOption(new Option('--concurrency <number>', 'requests under way at once').argParser(atOnce).default(8))
    .option('--dry-run', 'says what there is to do, and does nothing')
    .option('--json', 'print JSON');
}

function atOnce(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 128) throw new InvalidArgumentError('expected a whole number from 1 to 128.');
  return value;
}

async function withBucket<T>(address: string, { endpoint, region }: StorageOptions, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  const place = { address: parseAddress(address), ...(endpoint ? { endpoint } : {}), ...(region ? { region } : {}) };
  return interruptible('Run the same command again to go on.', async (signal) => {
    const bucket = await openBucket({ ...place, signal });
    try {
      return await work(bucket);
    } finally {
      bucket.close();
    }
  });
}

function progressOf({ json }: StorageOptions) {
  return json ? SILENT : openProgress(process.stdout, () => performance.now(), 'files');
}

/** Published editions are held to a ledger where there is one; it is no part of a store. */
async function verifyPulled(folder: string): Promise<Verification> {
  const ledger = ledgerOf(folder);
  return checkAtlas(folder, existsSync(ledger) ? ledger : null);
}

async function checkWhole(store: string): Promise<void> {
  const { findings } = await checkAtlas(store, ledgerOf(store));
  if (findings[0] === undefined) return;
  throw fault({
    where: shownPath(store),
    expected: 'a sound store',
    name: 'the atlas to push',
    received: `${findings.length} wrong, first ${findings[0].file}: ${findings[0].problem}`,
    remedy: 'Run "npx atlas verify" for all of them, or push it as it is with --unverified.',
  });
}

/** What a person reads of a push. */
export function describePush(
  { address, objects, sent, sentBytes, changed, compared, dropped, left, pruned }: Pushed,
  dryRun: boolean,
): string {
  const [would, manifest] = dryRun ? ['would be ', 'would be written'] : ['', 'written'];
  const lines = [
    `${address}: ${sent} of ${objects} objects ${would}sent (${sentBytes} bytes), manifest ${changed ? manifest : 'as it was'}`,
    pruned > 0 ? `${pruned} that are no longer named ${would}deleted` : '',
    dropped.length > 0 ? `No longer published: ${listed(dropped)}` : '',
    left.length > 0 ? `Not published: ${listed(left)}` : '',
    compared === false ? 'Note: this server does not compare before it writes; of two pushes at once the later one stays.' : '',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** What a person reads of a pull. */
export function describePull({ address, folder, pushed, files, fetched, fetchedBytes, removed }: Pulled, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : '';
  const gone = removed.length > 0 ? `No longer published, ${would}removed: ${listed(removed)}\n` : '';
  return `${address}, pushed ${pushed}: ${fetched} of ${files} files ${would}fetched (${fetchedBytes} bytes) into ${shownPath(folder)}\n${gone}`;
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
