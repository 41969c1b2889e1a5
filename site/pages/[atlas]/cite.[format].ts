/** `/<atlas>/cite.bib`, `cite.ris`, `cite.json`: how to cite the atlas, for programs. */
import type { APIRoute, GetStaticPaths } from 'astro';
import { loadAtlases } from '../../store/load-atlases.ts';
import { citeAtlas } from '../../view/cite.ts';

export const getStaticPaths = (async () => {
  const files = (await loadAtlases()).flatMap((store) => {
    const { bibtex, ris, csl } = citeAtlas(store);
    return Object.entries({ bib: bibtex, ris, json: csl }).map(([format, text]) => ({
      params: { atlas: store.slug, format },
      props: { text },
    }));
  });
  return files;
}) satisfies GetStaticPaths;

export const GET: APIRoute<{ text: string }> = ({ props }) => new Response(props.text);
