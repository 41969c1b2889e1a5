/** atlas.json of the site: what an atlas is, its layers, the comparison's headline, what can be downloaded. And its plan. */
import type { PlanFile, PublishedAtlas } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath, fullAddress, layerPath } from '../view/address.ts';
import { headline, headlineOf, layerVerdict } from '../view/comparison.ts';
import { layerTitle } from '../view/unit.ts';
import { countArms } from './facts.ts';
import { type PublishedFile, publishedFiles, schemaPath } from './published-files.ts';

/** An atlas as its file has it. */
export function describeAtlas(store: AtlasStore): PublishedAtlas {
  const { atlas, layers } = store;
  const units = layers.flatMap((layer) => layer.units);
  const pictures = new Set(units.flatMap(({ record }) => record.renders.flatMap(({ image }) => image ?? [])));
  return {
    $schema: fullAddress(schemaPath('atlas')),
    schema: 'basis-atlas-atlas/1',
    ...{ atlas: store.slug, title: atlas.title, address: fullAddress(atlasPath(store)) },
    ...{ edition: atlas.edition, created: atlas.created, complete: atlas.complete, licence: atlas.model.licence },
    ...{ model: atlas.model, plan_sha256: atlas.plan_sha256, software: atlas.software },
    counts: { layers: layers.length, units: units.length, pictures: pictures.size, arms: countArms(layers) },
    layers: layers.map((one) => {
      const { name, tap, shape, receptive_field } = one.layer;
      const path = layerPath(store, one);
      const place = { address: fullAddress(path), json: fullAddress(`${path}layer.json`) };
      return { layer: one.slug, title: layerTitle(one.layer), ...place, name, tap, shape, receptive_field, counts: countArms([one]) };
    }),
    comparison: describeComparison(store),
    downloads: publishedFiles(store).map(describeFile),
  };
}

/** plan.json of the site: the plan as the store has it, with its schema. */
export function describePlan({ atlas }: AtlasStore): PlanFile {
  return Object.assign({ $schema: '' }, atlas.plan, { $schema: fullAddress(schemaPath('plan')) });
}

function describeComparison(store: AtlasStore): PublishedAtlas['comparison'] {
  const { comparison, layers } = store;
  if (!comparison) return null;
  const { run_id, analysis_sha256, controls = [], limits } = comparison;
  return {
    address: fullAddress(`${atlasPath(store)}compare/`),
    json: fullAddress(`${atlasPath(store)}comparison.json`),
    ...{ run_id, analysis_sha256, answer: headline(store) },
    headline: layers.flatMap((layer) => {
      const row = headlineOf(store, layer);
      return row ? [{ layer: layer.slug, verdict: layerVerdict(store, layer), row }] : [];
    }),
    controls: controls.map(({ id, title, pass }) => ({ id, title, pass })),
    limits,
  };
}

function describeFile({ path, type, about, schema, many }: PublishedFile): PublishedAtlas['downloads'][number] {
  return {
    ...{ address: fullAddress(path), type, about },
    ...(schema ? { schema: fullAddress(schemaPath(schema)) } : {}),
    ...(many === undefined ? {} : { many }),
  };
}
