/** `/CITATION.cff`: how to cite the site as a whole. */
import type { APIRoute } from 'astro';
import { toCff } from '../metadata/citation/cff.ts';
import { loadAtlases } from '../store/load-atlases.ts';
import { atlasWork, siteWork } from '../view/cite.ts';

export const GET: APIRoute = async () => {
  const stores = await loadAtlases();
  return new Response(
    toCff(
      siteWork(stores),
      stores.map((store) => atlasWork(store)),
    ),
  );
};
