/** Builds the site as `npm run build` does, from a folder of atlases into a temporary one. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where a build went, and under what base. */
export interface BuiltSite {
  dist: string;
  base: string;
}

/** Runs Astro; rejects with its output if the build fails. `site` is the origin for canonical links, `about` a file that says who publishes it. */
export async function buildSite(data: string, { base, site, about }: { base: string; site?: string; about?: string }): Promise<BuiltSite> {
  // Inside the project, where Astro keeps its half-built files beside the result: outside, builds at the same time would share a folder.
  const cache = join(ROOT, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const dist = await mkdtemp(join(cache, 'basis-atlas-dist-'));
  const astro = join(ROOT, 'node_modules', 'astro', 'bin', 'astro.mjs');
  const env = {
    ...process.env,
    ATLAS_DATA: data,
    ATLAS_BASE: base,
    ATLAS_SITE: site ?? '',
    ATLAS_ABOUT: about ?? join(ROOT, 'data', 'site.json'),
    NO_COLOR: '1',
    NODE_ENV: 'production',
    VITEST: '',
  };
  await promisify(execFile)(process.execPath, [astro, 'build', '--outDir', dist], { cwd: ROOT, env }).catch(async (error) => {
    await rm(dist, { recursive: true });
    throw error;
  });
  return { dist, base };
}
