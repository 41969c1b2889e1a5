/** The directions of one arm of one layer. */
import { fault } from '../../graph/errors.ts';
import { ARMS, armsFor } from './arm-table.ts';
import type { LayerInput } from './layer-input.ts';
import type { NamedDirection } from './named-direction.ts';

/**
 * The directions of an arm, as many as `layer.counts` asks for or the arm's usual number, bounded by what the layer has. A direction is fixed by
 * the weights, the layer, the arm and its number (`covariance`, `whitened`, `matched` and `pca` also by the activations): asking for more adds to those
 * there are. `nmf` and `kmeans` are fits, which depend on the count as a whole and may give fewer; `file` is what it says. Pass one object for all arms of
 * a layer: what they share is worked out once. Throws for an arm that does not exist, that the layer cannot have, or that lacks what it needs.
 */
export function generateArm(id: string, layer: LayerInput): NamedDirection[] {
  const arm = ARMS.find((known) => known.id === id);
  const allowed = armsFor(layer.tap, layer.channels);
  if (!arm || !allowed.includes(arm)) {
    const expected = `one of ${allowed.map((known) => known.id).join(', ')}`;
    const received = arm ? `${id}, in a layer of ${layer.channels} channels, tap ${layer.tap}` : id;
    throw fault({
      where: layer.layerName,
      expected,
      name: 'the arm',
      received,
      remedy: 'Leave the arm out of the plan for this layer.',
      exitCode: 2,
    });
  }
  const count = layer.counts[id] ?? arm.usual(layer.channels);
  if (count !== Number.POSITIVE_INFINITY && !(Number.isInteger(count) && count >= 0))
    throw fault({
      where: layer.layerName,
      expected: 'a whole number',
      name: `the count of ${id}`,
      received: count,
      remedy: 'Correct it.',
      exitCode: 2,
    });
  const wanted = Math.min(count, arm.most(layer.channels));
  return wanted === 0 ? [] : arm.generate(layer, wanted);
}
