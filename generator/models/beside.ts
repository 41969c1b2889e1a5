/** Files that a model names beside itself: they must lie in its own folder, since the name comes from whoever made the model. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve, sep, win32 } from 'node:path';

/** What a name leads to. */
export type Beside =
  | { readonly kind: 'found'; readonly path: string; readonly size: number }
  /** Out of the folder; `received` is the name, with where a link leads. Nothing was opened. */
  | { readonly kind: 'outside'; readonly received: string }
  | { readonly kind: 'missing'; readonly path: string; readonly cause: unknown };

/** Looks for the file called `name` in the folder of the model at `file`, links followed, and opens nothing. */
export async function findBeside(name: string, file: string): Promise<Beside> {
  const folder = resolve(dirname(file));
  const path = resolve(folder, name);
  const odd = name === '' || name.includes('\0') || name.includes('\\') || isAbsolute(name) || win32.isAbsolute(name);
  if (odd || !path.startsWith(folder + sep)) return { kind: 'outside', received: name };
  try {
    const real = await realpath(path);
    if (!real.startsWith((await realpath(folder)) + sep)) return { kind: 'outside', received: `${name}, a link to ${real}` };
    const found = await stat(real);
    // A pipe or a device would wait, or never end.
    if (!found.isFile()) return { kind: 'missing', path, cause: new Error('it is no file') };
    return { kind: 'found', path: real, size: found.size };
  } catch (cause) {
    return { kind: 'missing', path, cause };
  }
}
