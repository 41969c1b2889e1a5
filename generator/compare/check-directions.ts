/** The files of directions that a plan names, looked at before any work is done with them. */
import type { Atlas, Plan } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import { generateArm } from './directions/generate-arm.ts';

/** Reads each once. Throws for one that is wrong, or for a layer that the atlas lacks, which would be left out without a word. */
export function checkDirections(compare: Plan['compare'], { layers, model, plan }: Atlas): void {
  for (const [slug, file] of Object.entries(compare?.directions ?? {})) {
    const layer = layers.find((one) => one.slug === slug);
    if (!layer)
      throw fault({
        where: 'compare.directions',
        expected: `the slug of a layer of the atlas (${layers.map((one) => one.slug).join(', ')})`,
        name: 'a file of directions',
        received: slug,
        remedy: 'Correct it in the plan.',
        exitCode: 2,
      });
    const { name, tap, shape } = layer;
    const input = { weightsSha256: model.weights_sha256, layerName: name, channels: shape[0], tap, counts: {}, seed: plan.seed, file };
    generateArm('file', input);
  }
}
