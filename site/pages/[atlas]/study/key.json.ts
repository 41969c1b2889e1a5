/** `/<atlas>/study/key.json`: what every trial of a study was, byte for byte, once its key is released. */
import { readFile } from 'node:fs/promises';
import type { APIRoute, GetStaticPaths } from 'astro';
import { loadAtlases } from '../../../store/load-atlases.ts';
import { releasedKey } from '../../../view/study.ts';

export const getStaticPaths = (async () => {
  const stores = await loadAtlases();
  const keys = await Promise.all(stores.map(async (store) => ({ store, key: await releasedKey(store) })));
  return keys.flatMap(({ store, key }) => (key ? [{ params: { atlas: store.slug }, props: { file: key.file } }] : []));
}) satisfies GetStaticPaths;

export const GET: APIRoute<{ file: string }> = async ({ props }) =>
  new Response(new Uint8Array(await readFile(props.file)), { headers: { 'content-type': 'application/json' } });
