/** Builds the site: data/atlases/ in, dist/ out. ATLAS_BASE (`/some/base/`), ATLAS_SITE (`https://example.org`) and ATLAS_DATA (a folder of atlases) change where; ATLAS_LEDGER what was published, ATLAS_ABOUT who publishes it. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'astro/config';
import { emitData } from './site/data/emit-data.ts';
import { emitImages } from './site/images/emit-images.ts';
import { emitMetadata } from './site/metadata/emit-metadata.ts';
import { emitSearch } from './site/search/emit-search.ts';
import { holdToLedger } from './site/store/ledger-check.ts';

process.env.ASTRO_TELEMETRY_DISABLED = '1';
const ATLASES = fileURLToPath(new URL('data/atlases', import.meta.url));
process.env.ATLAS_DATA ??= ATLASES;
// As generator/cli/places.ts has it: beside the project's own atlases, within any other folder of them.
process.env.ATLAS_LEDGER ??=
  resolve(process.env.ATLAS_DATA) === ATLASES ? resolve(ATLASES, '../ledger.jsonl') : resolve(process.env.ATLAS_DATA, 'ledger.jsonl');

export default defineConfig({
  site: process.env.ATLAS_SITE || undefined,
  base: process.env.ATLAS_BASE || '/',
  srcDir: './site',
  publicDir: './site/public',
  outDir: './dist',
  output: 'static',
  trailingSlash: 'always',
  build: { format: 'directory', inlineStylesheets: 'never', concurrency: 1 },
  devToolbar: { enabled: false },
  logger: { entrypoint: new URL('site/log.mjs', import.meta.url) },
  // The last lists what the others wrote.
  integrations: [holdToLedger(), emitImages(), emitData(), emitSearch(), emitMetadata()],
  // Scripts stay files, so that a page can forbid inline ones.
  vite: { build: { assetsInlineLimit: 0 } },
});
