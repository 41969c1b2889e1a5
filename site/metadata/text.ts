/** Names from model files as text that can do nothing but be read. */

/** Control characters, line and paragraph separators, and what turns the direction of the text that follows (Unicode TR 36, 2.2). */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** One line of at most `most` characters, without control characters and without marks that turn the direction of writing. */
export function legible(text: string, most = 200): string {
  // Half of a pair is no character, and no XML or URL can carry it.
  const line = text.toWellFormed().replace(UNSEEN, ' ').replace(/ {2,}/g, ' ').trim();
  const characters = [...line];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line;
}
