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

/** An {@link AtlasError} in the house form: always two lines, whatever names a file gives its parts. */
export function fault({ where, expected, name, received, remedy, exitCode, cause }: Fault): AtlasError {
  const [place, what, thing] = [where, expected, name].map((text) => printable(text, LONGEST_PART));
  const message = `${place}: expected ${what} for ${thing}, received ${show(received)}\n${printable(remedy, 2 * LONGEST_PART)}`;
  return new AtlasError(message, { ...(exitCode ? { exitCode } : {}), cause });
}

/** What a caught value says of itself, for messages: an `Error`'s message, anything else as text. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const LONGEST_PART = 400;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = quoted(value).replace(UNPRINTABLE, escaped);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

function quoted(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value); // Nested too deeply, or in a circle.
  }
}

/** Control characters, and those that turn the direction of writing: a name in a file must not move the cursor or begin a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text as part of a line: what cannot be printed by its number, and the middle left out where it is long. */
function printable(text: string, longest: number): string {
  const half = longest >> 1;
  const short = text.length <= longest ? text : `${text.slice(0, longest - half)}…${text.slice(text.length - half)}`;
  return short.replace(UNPRINTABLE, escaped);
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
