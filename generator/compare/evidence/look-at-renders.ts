/** What the network and the observers see of a layer's pictures. */
import { sha256 as hashOf } from '../../batch/canonical.ts';
import { imageFile } from '../../batch/store.ts';
import { HELD_OUT, heldOutTransforms } from '../../measure/held-out-transforms.ts';
import { type Picture, readPicture } from '../../measure/picture.ts';
import { dot, pooledRows } from '../../measure/pooled-rows.ts';
import type { Rows } from '../../measure/rows.ts';
import type { DrawnLayer } from './draw-directions.ts';
import type { GatherLayer, GatherRequest } from './gather.ts';
import { fileName, observerKey } from './observer-parts.ts';

export interface SeenRenders {
  readonly seen: Float32Array;
  readonly transformed: Float32Array;
  readonly looks: ReadonlyMap<string, Rows>;
}

/** Pictures are looked at as they were published. The pass over them holds one batch. */
export async function lookAtRenders(
  request: GatherRequest,
  { layer }: GatherLayer,
  { directions }: Pick<DrawnLayer, 'directions'>,
): Promise<SeenRenders> {
  const { folder, parts, atlas, model, observers, stages, signal } = request;
  const pictures = directions.flatMap(({ renders }) => renders.flatMap(({ image }) => (image === null ? [] : [image])));
  const file = (image: string) => `${folder}/${imageFile(image)}`;
  const key = {
    weights: atlas.model.weights_sha256,
    preprocess: model.preprocess,
    layer: layer.name,
    held_out: HELD_OUT,
    pictures: hashOf(pictures.join(' ')),
    directions: hashOf(
      directions
        .filter(({ renders }) => renders.length > 0)
        .map(({ sha256, renders }) => `${sha256} ${renders.map(({ image }) => image).join(' ')}`)
        .join('\n'),
    ),
  };
  const names = renderParts(layer.slug);
  const known = {
    seen: await parts.find(names.seen, 'f32', key),
    transformed: await parts.find(names.transformed, 'f32', key),
  };
  const shown = known.seen && known.transformed ? { seen: known.seen, transformed: known.transformed } : undefined;
  const network = shown ?? (await showNetwork(request, layer, directions, file));
  if (!shown) {
    await parts.write(names.seen, 'f32', key, network.seen);
    await parts.write(names.transformed, 'f32', key, network.transformed);
  }
  const looks = new Map<string, Rows>();
  for (const observer of observers) {
    const part = names.look(observer.id);
    const rows = await parts.make(part, 'f32', { ...observerKey(observer), pictures: key.pictures }, async () => {
      stages.begin(`What ${observer.id} sees of the pictures of ${layer.slug}`, pictures.length);
      const walk = async function* () {
        for (const image of pictures) yield readPicture(file(image));
      };
      return observer.embed(walk(), pictures.length, { onProgress: stages.done, ...(signal ? { signal } : {}) });
    });
    looks.set(observer.id, { rows, dimension: observer.dimension });
  }
  return { ...network, looks };
}

export function renderParts(slug: string) {
  return {
    seen: `${slug}/pictures`,
    transformed: `${slug}/transformed`,
    look: (observer: string) => `${slug}/pictures-${fileName(observer)}`,
  };
}

/** One pass of the network over all pictures, and over each direction's first one under every held-out transformation. */
async function showNetwork(
  { model, runtime, openProbe, batch, stages, signal }: GatherRequest,
  layer: GatherLayer['layer'],
  directions: DrawnLayer['directions'],
  file: (image: string) => string,
) {
  const transforms = heldOutTransforms(layer.render.size);
  const shown = directions.flatMap(({ vector, renders }) => {
    const images = renders.flatMap(({ image }) => (image === null ? [] : [image]));
    return images.map((image, i) => ({ vector, image, first: i === 0 }));
  });
  const channels = layer.shape[0];
  const seen = new Float32Array(shown.length * channels);
  const firsts = shown.filter(({ first }) => first).length;
  const transformed = new Float32Array(firsts * transforms.length);
  /** Where each picture under way goes: a row of `seen`, or a place of `transformed` by a direction. */
  const owners: { row?: number; place?: number; vector: Float32Array }[] = [];
  async function* pictures(): AsyncGenerator<Picture> {
    let place = 0;
    for (const [row, { vector, image, first }] of shown.entries()) {
      const picture = await readPicture(file(image));
      owners.push({ row, vector });
      yield picture;
      if (!first) continue;
      for (const transform of transforms) {
        owners.push({ place: place++, vector });
        yield transform.apply(picture);
      }
    }
  }
  const probe = await openProbe({ model, runtime, layer: layer.name, settings: layer.render, batch });
  let done = 0;
  stages.begin(`Pictures of ${layer.slug}, moved and not`, seen.length / channels + transformed.length);
  try {
    for await (const rows of pooledRows(probe, pictures())) {
      signal?.throwIfAborted();
      for (const [k, { row, place, vector }] of owners.splice(0, rows.length / channels).entries()) {
        if (row !== undefined) seen.set(rows.subarray(k * channels, (k + 1) * channels), row * channels);
        else if (place !== undefined) transformed[place] = dot(vector, rows, k * channels);
      }
      done += rows.length / channels;
      stages.done(done);
    }
  } finally {
    await probe.dispose();
  }
  return { seen, transformed };
}
