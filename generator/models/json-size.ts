/** Whether JSON is of a size that can be read at once, before any of it is read. */

/** Networks within networks go a few dozen deep; whatever walks deeper could run out of stack. */
const DEEPEST = 256;
/** A large model has a few ten thousand values; each that is wrong becomes an object that says so. */
const MOST_VALUES = 2 ** 18;

const [QUOTE, BACKSLASH, COMMA] = Buffer.from('"\\,');
const [OPENING, CLOSING] = ['[{', ']}'].map((letters): ReadonlySet<number> => new Set(Buffer.from(letters)));

/** What there is too much of in JSON, for messages: `lists within lists, more than 256 deep`; nothing where all can be read. */
export function excessOf(json: Uint8Array): string | undefined {
  let [depth, values, quoted] = [0, 1, false];
  for (let i = 0; i < json.length; i++) {
    const letter = json[i];
    if (quoted && letter === BACKSLASH) i++;
    else if (letter === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    else if (letter === COMMA) values++;
    else if (OPENING.has(letter)) depth++;
    else if (CLOSING.has(letter)) depth--;
    if (depth > DEEPEST) return `lists within lists, more than ${DEEPEST} deep`;
    if (values > MOST_VALUES) return `more than ${MOST_VALUES} values`;
  }
  return undefined;
}
