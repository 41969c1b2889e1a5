/**
 * What the machine interface costs a build: milliseconds a unit, of an atlas of many made-up units without pictures.
 * `node test/bench/emit-data.ts [--units 100000]`; what it writes is removed.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { atlasFiles, siteFiles } from '../../site/data/site-files.ts';
import { writeFiles } from '../../site/data/write-files.ts';
import type { AtlasStore, Layer } from '../../site/store/load-atlases.ts';
import { readAtlases } from '../../site/store/load-atlases.ts';
import { makeStore } from '../site/make-store.ts';

const { values } = parseArgs({ options: { units: { type: 'string', default: '100000' } } });
const wanted = Number(values.units);
const folder = await mkdtemp(join(tmpdir(), 'atlas-bench-'));
try {
  await makeStore(folder, { channels: [100], random: 100, subset: 10, size: 16 });
  const [small] = await readAtlases(folder);
  if (!small) throw new Error('emit-data: expected an atlas for the bench, received none\nRun the tests of test/site.');
  const store = await enlarge(small, wanted);
  const started = performance.now();
  const files = await writeFiles(siteFiles([store]), join(folder, 'dist'));
  const all = performance.now() - started;
  console.log(`${wanted} units: ${files} files in ${(all / 1000).toFixed(1)} s, ${(all / wanted).toFixed(3)} ms a unit`);
  for (const { path, make } of atlasFiles(store)) {
    if (path.split('/').length > 2) continue;
    const before = performance.now();
    const { length } = Buffer.from(await make());
    console.log(`${path}: ${(length / 1e6).toFixed(2)} MB in ${Math.round(performance.now() - before)} ms`);
  }
  console.log(`memory: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
} finally {
  await rm(folder, { recursive: true });
}

/** The atlas with its layer repeated until it has so many units. */
async function enlarge(store: AtlasStore, units: number): Promise<AtlasStore> {
  const [first] = store.layers;
  if (!first) return store;
  const { comparison: _, ...bare } = store;
  const layers = Array.from({ length: Math.ceil(units / first.units.length) }, (__, i): Layer => {
    const slug = `layer-${i}`;
    return { ...first, slug, layer: { ...first.layer, slug } };
  });
  const vectors = await readFile(join(store.folder, 'directions', `${first.slug}.f32`));
  for (const { slug } of layers) await writeFile(join(store.folder, 'directions', `${slug}.f32`), vectors);
  return { ...bare, layers };
}
