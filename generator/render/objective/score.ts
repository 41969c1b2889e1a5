/** The whole score of a batch: what each layer adds for its directions, less what the pictures of a unit owe each other. */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { addScore, DIRECTIONS, MASK, type ObjectiveNames } from '../objective.ts';
import { addCoupling } from './coupling.ts';
import { addCaricature, addCosine, addDeepdream } from './nonlinear.ts';

/** The values that an objective reads, by their names in the builder. */
export interface ObjectiveLayers {
  /** The layer rendered. */
  readonly layer: string;
  /** Further layers that a unit may have directions of. */
  readonly others: readonly string[];
  /** The layer at which a unit's pictures are compared. */
  readonly group: string;
  /** The layer's activations for the picture of a caricature, `[1,C,h,w]`. */
  readonly reference?: string;
}

/** What layer number `index` of an objective's inputs are called; 0 is the layer rendered. */
export function objectiveNames(index: number): ObjectiveNames {
  const end = index === 0 ? '' : `_${index}`;
  return { directions: `${DIRECTIONS}${end}`, mask: `${MASK}${end}`, pooled: `pooled${end}`, score: `score${end}` };
}

/** Whether a picture's score is the plain weighted sum of one layer's activations. */
export function isLinear({ objective, cosine_power = 0, group }: RenderSettings, others: readonly string[] = []): boolean {
  return objective !== 'deepdream' && objective !== 'caricature' && cosine_power === 0 && !group && others.length === 0;
}

/** Adds the score, `[batch]`, called `score`. */
export function addObjective(builder: GraphBuilder, layers: ObjectiveLayers, settings: RenderSettings): string {
  if (isLinear(settings, layers.others)) return addScore(builder, layers.layer);
  const terms = [layers.layer, ...layers.others].map((layer, i) => {
    const names = { ...objectiveNames(i), score: `score of layer ${i}` };
    return addTerm(builder, layer, names, settings, layers.reference);
  });
  const coupling = settings.group ? addCoupling(builder, layers.group, settings.group) : undefined;
  const total = terms.length === 1 ? terms[0] : builder.add('Sum', terms, {});
  return coupling
    ? builder.add('Sub', [total, coupling], {}, { outputs: ['score'] })
    : builder.add('Identity', [total], {}, { outputs: ['score'] });
}

function addTerm(
  builder: GraphBuilder,
  layer: string,
  names: ObjectiveNames,
  { objective, cosine_power = 0 }: RenderSettings,
  reference: string | undefined,
): string {
  if (objective === 'deepdream') return addDeepdream(builder, layer, names);
  if (objective === 'caricature' && reference) return addCaricature(builder, layer, reference, cosine_power);
  return cosine_power > 0 ? addCosine(builder, layer, names, cosine_power) : addScore(builder, layer, names);
}
