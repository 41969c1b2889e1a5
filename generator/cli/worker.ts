/** `atlas worker`: renders what runs put into a queue. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { type Log, openLog } from '../batch/log.ts';
import { openEngine } from '../batch/open-engine.ts';
import { durationText } from '../batch/progress.ts';
import { MODEL_CACHE } from '../models/open.ts';
import type { WorkerEvent } from '../queue/worker.ts';
import { interruptible } from './interrupt.ts';
import { deviceOption, positive, type RuntimeOptions, runtimeChoice, runtimeOption, threadsOption } from './options.ts';
import { addQueueOptions, type QueueOptions, queueAddress } from './queue-options.ts';

interface WorkerOptions extends QueueOptions, RuntimeOptions {
  batch?: number;
  name?: string;
  once?: boolean;
  json?: boolean;
}

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('renders what "atlas run --queue" asks for, on this or any other machine, until it is stopped');
  addQueueOptions(command, 'the queue')
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .addOption(
      new Option('--batch <number>', 'pictures rendered at a time, at most (as "atlas run" has it if left out)').argParser(positive),
    )
    .option('--name <name>', 'what "atlas status" calls it (host and process number if left out)')
    .option('--once', 'leaves when no run is at the queue, instead of waiting for one')
    .option('--json', 'print what happens as lines of JSON')
    .action((options: WorkerOptions) => work(options));
}

async function work(options: WorkerOptions): Promise<void> {
  const { batch, name, once, json } = options;
  const address = queueAddress(options, 'worker');
  const log = json ? openLog() : undefined;
  const { runWorker } = await import('../queue/worker.ts');
  // Whoever is asked to leave has done all that was asked, so that this is no failure.
  const summary = await interruptible('', (signal) =>
    runWorker({
      address,
      engine: openEngine(),
      runtime: runtimeChoice(options),
      cache: path.join(MODEL_CACHE, 'queue'),
      ...(batch ? { batch } : {}),
      ...(name ? { name } : {}),
      ...(once ? { once } : {}),
      signal,
      on: (event) => (log ? logEvent(log, event) : process.stdout.write(`${describeEvent(event)}\n`)),
    }),
  );
  if (log) log('info', 'left', { ...summary });
  else process.stdout.write(`Left: ${summary.batches} batches, ${summary.pictures} pictures, ${summary.failures} failures\n`);
}

function logEvent(log: Log, { event, ...fields }: WorkerEvent): void {
  log(event === 'failed' ? 'error' : 'info', event, fields);
}

function describeEvent(event: WorkerEvent): string {
  switch (event.event) {
    case 'ready':
      return `${event.worker} waits for batches at ${event.queue} (${event.device}, ${event.threads} threads)`;
    case 'batch':
      return `${event.layer}: ${event.pictures} pictures in ${durationText(event.seconds)}${event.failed > 0 ? `, ${event.failed} FAILED` : ''}`;
    case 'failed':
      return `A batch FAILED: ${event.message}`;
    case 'note':
      return event.message;
  }
}
