/** `/<atlas>/study/<name>.webp`: the pictures of a study, beside its page and under names that lead nowhere else. */
import { readFile } from 'node:fs/promises';
import type { APIRoute, GetStaticPaths } from 'astro';
import { loadAtlases } from '../../../store/load-atlases.ts';
import { studyPictures, withStudies } from '../../../view/study.ts';

export const getStaticPaths = (async () => {
  const studies = await withStudies(await loadAtlases());
  return studies.flatMap((one) =>
    studyPictures(one).map(({ name, file }) => ({ params: { atlas: one.store.slug, picture: name }, props: { file } })),
  );
}) satisfies GetStaticPaths;

export const GET: APIRoute<{ file: string }> = async ({ props }) =>
  new Response(new Uint8Array(await readFile(props.file)), { headers: { 'content-type': 'image/webp' } });
