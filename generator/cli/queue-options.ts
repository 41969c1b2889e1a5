/** Options of the commands that speak to a queue. */
import { type Command, Option } from 'commander';
import { fault } from '../graph/errors.ts';
import type { QueueAddress } from '../queue/connection.ts';

/** Where an address with a password is better put than on the command line, which every user of a machine can read. */
const VARIABLE = 'ATLAS_QUEUE';

export interface QueueOptions {
  /** The address, or `true` where the option stands alone. */
  queue?: string | true;
  queueCa?: string;
}

/** Adds `--queue` and `--queue-ca`. */
export function addQueueOptions(command: Command, description: string): Command {
  return command
    .addOption(
      new Option(
        '--queue [url]',
        `${description}: redis://host, rediss://user:password@host for TLS; $${VARIABLE} if no address stands here`,
      ),
    )
    .addOption(new Option('--queue-ca <file>', 'the certificate (PEM) of who signed the server’s, where the system does not know them'));
}

/** The address that the options or the environment give; taken off the process's title. Throws where there is none. */
export function queueAddress({ queue, queueCa }: QueueOptions, command: string): QueueAddress {
  // As the system lists processes, the arguments are part of the title.
  process.title = `atlas ${command}`;
  const url = typeof queue === 'string' ? queue : process.env[VARIABLE];
  if (url) return { url, ca: queueCa };
  throw fault({
    where: `atlas ${command}`,
    expected: 'the address of a Redis server',
    name: '--queue',
    received: undefined,
    remedy: `Give one, for instance --queue redis://localhost:6379, or set ${VARIABLE}.`,
    exitCode: 2,
  });
}
