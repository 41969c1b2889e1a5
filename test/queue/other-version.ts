/** Loaded before a worker: its renderer says that it is of another version. */
import { registerHooks } from 'node:module';
import type { ChildOptions } from './children.ts';

const { version } = JSON.parse(process.argv[2]) as ChildOptions;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/render/renderer.ts')) return loaded;
    const source = String(loaded.source).replace(/RENDERER_VERSION = \d+/, `RENDERER_VERSION = ${version}`);
    return { ...loaded, source };
  },
});
