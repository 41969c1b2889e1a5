/** Reads what the controls need of a store that has been compared. */
import type { Atlas, Comparison } from '../../../data/schema.ts';
import { fault } from '../../graph/errors.ts';
import { partNames } from '../evidence/keep-activations.ts';
import { imagePart } from '../evidence/observer-parts.ts';
import { Parts } from '../evidence/parts.ts';
import { ARMS_COMPARED, type StudyLayer } from './study.ts';

/** The layers with their evidence. Throws where the store has not been compared, or its evidence is gone. */
export async function readStudyLayers(folder: string, atlas: Atlas, comparison: Comparison): Promise<StudyLayer[]> {
  const parts = await Parts.open(folder);
  const [observer] = comparison.observers;
  const layers: StudyLayer[] = [];
  for (const layer of atlas.layers) {
    const images = comparison.images.find(({ size }) => size === layer.render.size);
    if (!images || !comparison.layers.some(({ id }) => id === layer.slug))
      throw fault({
        where: folder,
        expected: `a comparison of ${layer.slug}`,
        name: 'comparison.json',
        received: undefined,
        remedy: 'Run "atlas compare" first: the controls stand beside a comparison.',
      });
    const rows = await parts.read(imagePart(observer.id, { size: layer.render.size }), 'f32');
    layers.push({
      layer,
      means: await parts.read(partNames(layer.slug).means, 'f32'),
      embeddings: { rows, dimension: rows.length / images.n },
      images: { n: images.n, size: layer.render.size, sha256: images.sha256 },
      directions: comparison.directions.flatMap((direction) =>
        direction.layer === layer.slug && (ARMS_COMPARED as readonly string[]).includes(direction.arm)
          ? {
              arm: direction.arm,
              m1: direction.scores.natural_2afc ?? null,
              top: Uint32Array.from(direction.top ?? []),
              middle: Uint32Array.from(direction.middle ?? []),
            }
          : [],
      ),
    });
  }
  return layers;
}
