/** The one way the site reports a mistake in what it reads. */

/** The parts of `<where>: expected <expected> for <name>, received <received>`, and a line that says what to do. */
export interface Fault {
  /** The file: `data/atlases/quick/atlas.json`. */
  where: string;
  expected: string;
  /** The field: `model.licence`. */
  name: string;
  received: unknown;
  remedy: string;
  cause?: unknown;
}

/** An error in the house form, whose message is two lines: the fault, the remedy. */
export function fault({ where, expected, name, received, remedy, cause }: Fault): Error {
  const shown = received === undefined ? 'nothing' : (JSON.stringify(received) ?? String(received));
  const error = new Error(
    `${where}: expected ${expected} for ${name}, received ${shown.length > 120 ? `${shown.slice(0, 117)}…` : shown}\n${remedy}`,
    cause === undefined ? {} : { cause },
  );
  error.name = 'AtlasError';
  // A mistake in the input has no place in our code: without a stack, the build prints the two lines and no more.
  error.stack = `AtlasError: ${error.message}`;
  return error;
}
