/** `atlas status`: what a queue's runs and workers are at. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { interruptible } from './interrupt.ts';
import { addQueueOptions, type QueueOptions, queueAddress } from './queue-options.ts';

interface StatusOptions extends QueueOptions {
  watch?: boolean;
  json?: boolean;
}

const INTERVAL = 2000;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('shows a queue’s runs (progress by layer, rate, time left, failures) and its workers');
  addQueueOptions(command, 'the queue')
    .option('--watch', 'again every two seconds, until it is stopped')
    .option('--json', 'print JSON, a line each time')
    .action((options: StatusOptions) => show(options));
}

async function show(options: StatusOptions): Promise<void> {
  const { watch, json } = options;
  const { describeStatus, openStatus } = await import('../queue/status.ts');
  const reader = await openStatus(queueAddress(options, 'status'), (text) => process.stderr.write(`${text}\n`));
  const print = async () => {
    const status = await reader.read();
    const clear = watch && process.stdout.isTTY ? '\u001b[H\u001b[2J' : '';
    process.stdout.write(json ? `${JSON.stringify(status)}\n` : `${clear}${describeStatus(status)}`);
  };
  try {
    await print();
    if (watch)
      await interruptible('', async (signal) => {
        for (;;) {
          await sleep(INTERVAL, undefined, { signal }).catch(() => signal.throwIfAborted());
          await print();
        }
      });
  } finally {
    await reader.close();
  }
}
