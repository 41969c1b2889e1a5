/** Builds the site: data/atlases/ in, dist/ out. ATLAS_BASE (`/some/base/`), ATLAS_SITE (`https://example.org`) and ATLAS_DATA (a folder of atlases) change where. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'astro/config';
import { emitData } from './site/data/emit-data.ts';
import { emitImages } from './site/images/emit-images.ts';

process.env.ASTRO_TELEMETRY_DISABLED = '1';
process.env.ATLAS_DATA ??= fileURLToPath(new URL('data/atlases/', import.meta.url));

export default defineConfig({
  site: process.env.ATLAS_SITE || undefined,
  base: process.env.ATLAS_BASE || '/',
  srcDir: './site',
  publicDir: './site/public',
  outDir: './dist',
  output: 'static',
  trailingSlash: 'always',
  build: { format: 'directory', inlineStylesheets: 'never', concurrency: 4 },
  devToolbar: { enabled: false },
  integrations: [emitImages(), emitData()],
  // Scripts stay files, so that a page can forbid inline ones.
  vite: { build: { assetsInlineLimit: 0 } },
});
