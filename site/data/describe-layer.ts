/** layer.json: what a layer is, and all its units with their measures. */
import type { PublishedLayer } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { atlasPath, fullAddress, layerPath } from '../view/address.ts';
import { layerTitle } from '../view/unit.ts';
import { countArms, imageAddress, knownMeasures, unitAddresses } from './facts.ts';
import { schemaPath } from './published-files.ts';
import { npyOffset, vectorRowsOf } from './vectors.ts';

/** A layer as its file has it. */
export function describeLayer(store: AtlasStore, layer: Layer): PublishedLayer {
  const vectorRows = vectorRowsOf(store, layer);
  const { slug: _, units: __, render, ...facts } = layer.layer;
  const shape: [number, number] = [vectorRows.size, layer.layer.shape[0]];
  const file = fullAddress(`${layerPath(store, layer)}directions.npy`);
  return {
    $schema: fullAddress(schemaPath('layer')),
    schema: 'basis-atlas-layer/1',
    ...{ atlas: store.slug, layer: layer.slug, title: layerTitle(layer.layer), address: fullAddress(layerPath(store, layer)) },
    atlas_json: fullAddress(`${atlasPath(store)}atlas.json`),
    ...{ edition: store.atlas.edition, licence: store.atlas.model.licence },
    ...facts,
    render,
    counts: countArms([layer]),
    directions:
      vectorRows.size === 0
        ? null
        : {
            ...{ file, shape, dtype: '<f4', data_offset: npyOffset(shape) },
            about:
              'A row for each unit with a vector_row, in that order. A channel has none: channel k is the k-th unit vector, negated for a negated channel.',
          },
    units: layer.units.map((unit) => {
      const { address, json } = unitAddresses(store, layer, unit);
      const row = vectorRows.get(unit.id);
      return {
        ...{ id: unit.id, arm: unit.arm, index: unit.record.index, address, json, image: imageAddress(unit) },
        ...(row === undefined ? {} : { vector_row: row }),
        ...{ state: unit.state, score: unit.render?.score ?? null, measures: knownMeasures(unit) },
        ...(unit.concept === undefined ? {} : { concept: unit.concept }),
      };
    }),
  };
}
