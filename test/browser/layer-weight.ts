/** What a layer's page of 500 units weighs: its own tiles' mean, 500 times, and all that is beside them. */

/** Bytes of the HTML, as they would be with 500 tiles. Throws where the page has none. */
export function weightOf500(html: string): number {
  const tiles = html.match(/<li data-v=.*?<\/li>/gs) ?? [];
  if (tiles.length === 0) throw new Error('The page has no tiles.');
  const own = Buffer.byteLength(tiles.join(''));
  return Buffer.byteLength(html) - own + (500 * own) / tiles.length;
}
