/** The committed atlas as its visitors get it: built, served compressed, judged by Lighthouse; and what its layers' pages weigh. */
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastGlob from 'fast-glob';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuiltSite, buildSite } from './build-site.ts';
import { findChromium } from './chromium.ts';
import { weightOf500 } from './layer-weight.ts';
import { CATEGORIES, needLighthouse, type Scores, scoresOf } from './lighthouse.ts';
import { serveFolder } from './serve-folder.ts';

const ATLASES = fileURLToPath(new URL('../../data/atlases', import.meta.url));
const ATLAS = 'coco-ssd-mobilenet-v2/';
const LAYER = `${ATLAS}expanded-conv-6-expand/`;
const PAGES = { home: '', layer: LAYER, unit: `${LAYER}channel-42/`, comparison: `${ATLAS}compare/` };
const LEAST = 0.95;
const IS_QUIET = process.env.ATLAS_QUIET === '1';
/** Performance has their median: it is measured by the clock, so that it is said, and held to only where ATLAS_QUIET=1 tells that nothing else runs. */
const RUNS = IS_QUIET ? 3 : 1;
let site: BuiltSite & { origin: string; close: () => Promise<void> };

beforeAll(async () => {
  const port = await freePort();
  const built = await buildSite(ATLASES, { base: '/', site: `http://127.0.0.1:${port}` });
  site = { ...built, ...(await serveFolder(built.dist, '/', { port, gzip: true })) };
});

afterAll(async () => {
  await site?.close();
  if (site) await rm(site.dist, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.for(Object.entries(PAGES))('%s: Lighthouse gives at least 95', async ([name, path], context) => {
  const chromium = findChromium(context);
  await needLighthouse(context);
  const runs: Scores[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await scoresOf(`${site.origin}/${path}`, chromium));
  const median = CATEGORIES.map((category) => runs.map(({ scores }) => scores[category]).toSorted((a, b) => a - b)[(RUNS - 1) / 2] ?? 0);
  for (const [i, category] of CATEGORIES.entries()) {
    if (category === 'performance') process.stdout.write(`${name}: performance ${median[i]}\n`);
    if (category === 'performance' && !IS_QUIET) continue;
    expect(median[i], `${name}, ${category}; lost for: ${runs.map(({ lost }) => lost.join(', ')).join(' | ')}`).toBeGreaterThanOrEqual(
      LEAST,
    );
  }
});

test('a layer’s page weighs at most 200 kB per 500 units', async () => {
  const pages = await fastGlob(`${ATLAS}expanded-conv-*/index.html`, { cwd: site.dist });
  expect(pages.length).toBeGreaterThan(0);
  for (const page of pages) expect(weightOf500(await readFile(join(site.dist, page), 'utf8')), page).toBeLessThanOrEqual(200_000);
});
