/** `/<atlas>/map/units.json`: the units of a map with their places, for its script. */
import type { APIRoute, GetStaticPaths } from 'astro';
import { loadAtlases } from '../../../store/load-atlases.ts';
import { mapData, withMaps } from '../../../view/map.ts';

export const getStaticPaths = (async () =>
  (await withMaps(await loadAtlases())).map((one) => ({ params: { atlas: one.store.slug }, props: one }))) satisfies GetStaticPaths;

export const GET: APIRoute = ({ props }) =>
  new Response(JSON.stringify(mapData(props.store, props.map)), { headers: { 'content-type': 'application/json' } });
