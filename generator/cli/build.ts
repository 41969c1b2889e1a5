/** `atlas build`: the site, by Astro. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Command } from 'commander';
import { fault } from '../graph/errors.ts';
import { PROJECT } from './options.ts';
import { syncFolder } from './sync-folder.ts';

export function addBuild(program: Command): void {
  program.command('build').description('builds the site from data/atlases/ into dist/').action(buildSite);
}

/** Where Astro builds: beside the project's other caches, so that its files can be moved. */
const STAGE = path.join(PROJECT, 'node_modules', '.cache', 'basis-atlas-site');
const DIST = path.join(PROJECT, 'dist');

/**
 * Builds the site in a process of its own, brings dist/ to it, and says how to look at it. What did not change in dist/ is not touched: after one
 * changed layer only its pages are new to whoever copies the folder on.
 */
export async function buildSite(): Promise<void> {
  const require = createRequire(import.meta.url);
  const astro = path.join(path.dirname(require.resolve('astro/package.json')), 'bin', 'astro.mjs');
  const child = spawn(process.execPath, [astro, 'build', '--outDir', STAGE], {
    cwd: PROJECT,
    stdio: 'inherit',
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw fault({
      where: 'the site',
      expected: 'a build that succeeds',
      name: 'astro build',
      received: `exit code ${code}`,
      remedy: 'Its messages stand above; the atlas itself is finished and kept.',
    });
  const { written, kept, removed } = await syncFolder(STAGE, DIST);
  process.stdout.write(
    `The site is in dist/: ${written} files new or changed, ${kept} as they were, ${removed} removed. To look at it: npm run preview\n`,
  );
}
