/** Which pages the site has, by their files: a link is drawn only to what is there. */
import { existsSync } from 'node:fs';

const known = new Map<string, boolean>();

/** Whether there is a page at a route: `search`, `[atlas]/data`. */
export function hasPage(route: string): boolean {
  const found = known.get(route) ?? ['.astro', '/index.astro'].some((end) => existsSync(`site/pages/${route}${end}`));
  known.set(route, found);
  return found;
}
