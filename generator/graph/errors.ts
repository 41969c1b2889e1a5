/** The one way this project reports a mistake: where, what was expected, what was received, and what to do. */

/** A mistake in the input (a model, a plan, a store, the command line), as opposed to a bug. Its message is two lines: the fault, the remedy. */
export class AtlasError extends Error {
  /** 1: the work failed; 2: the command was used wrongly. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AtlasError';
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The parts of a message `<where>: expected <expected> for <name>, received <received>`, then a line that says what to do. */
export interface Fault {
  /** The place: a file, a command, a node: `data/plans/quick.json`. */
  where: string;
  /** What would have been right: `a number between 1 and 4096`. */
  expected: string;
  /** The thing that was wrong: `render.steps`. */
  name: string;
  /** What was there instead; objects are shown as JSON, long values are cut. */
  received: unknown;
  /** One sentence for the reader to act on: `Run "atlas layers MODEL" for the names.` */
  remedy: string;
  exitCode?: 1 | 2;
  cause?: unknown;
}

/** An {@link AtlasError} in the house form. */
export function fault({ where, expected, name, received, remedy, exitCode, cause }: Fault): AtlasError {
  const message = `${where}: expected ${expected} for ${name}, received ${show(received)}\n${remedy}`;
  return new AtlasError(message, { ...(exitCode ? { exitCode } : {}), cause });
}

/** What a caught value says of itself, for messages: an `Error`'s message, anything else as text. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
