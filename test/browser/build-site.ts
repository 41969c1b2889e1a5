/** Builds the site as `npm run build` does, from a folder of atlases into a temporary one. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where a build went, and under what base. */
export interface BuiltSite {
  dist: string;
  base: string;
}

/** Runs Astro; rejects with its output if the build fails. `site` is the origin for canonical links. */
export async function buildSite(data: string, { base, site }: { base: string; site?: string }): Promise<BuiltSite> {
  const dist = await mkdtemp(join(tmpdir(), 'basis-atlas-dist-'));
  const astro = join(ROOT, 'node_modules', 'astro', 'bin', 'astro.mjs');
  const env = {
    ...process.env,
    ATLAS_DATA: data,
    ATLAS_BASE: base,
    ATLAS_SITE: site ?? '',
    NO_COLOR: '1',
    NODE_ENV: 'production',
    VITEST: '',
  };
  await promisify(execFile)(process.execPath, [astro, 'build', '--outDir', dist], { cwd: ROOT, env });
  return { dist, base };
}
