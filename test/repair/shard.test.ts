/** The store of a shard is a store: what is damaged in it is found and made again, and no picture of another shard. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { expect, it } from 'vitest';
import { verifyStore } from '../../generator/batch/verify.ts';
import { repairAtlas } from '../../generator/repair/repair.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { storeHashes } from '../batch/store-state.ts';
import { renderShards } from '../shards/stand-in-shards.ts';
import { temporaryFolder } from '../temporary.ts';

it('is repaired to the bytes that it had', async () => {
  const root = temporaryFolder('shard-repair');
  const [store] = await renderShards(root, 2);
  const before = storeHashes(store);
  const images = (await glob('images/**/*.webp', { cwd: store })).sort();
  await rm(path.join(store, images[3]));
  await writeFile(path.join(store, images[7]), 'damaged');
  await rm(path.join(store, 'directions/early.f32'));
  // A line that was altered is a unit whose record is gone: which pictures it had of the shard tells the plan's division.
  const records = path.join(store, 'layers/early.jsonl');
  await writeFile(records, (await readFile(records, 'utf8')).replace('"channel":4', '"channel":5'));
  const found = new Set((await verifyStore(store)).findings.map(({ file }) => file));
  for (const file of ['directions/early.f32', 'layers/early.jsonl', images[3], images[7]]) expect(found).toContain(file);
  const { after, vectors } = await repairAtlas({ folder: store, ledger: path.join(root, 'ledger.jsonl'), engine: standInEngine() });
  expect(after.findings).toEqual([]);
  expect(vectors).toEqual(['directions/early.f32']);
  expect(storeHashes(store)).toEqual(before);
});
