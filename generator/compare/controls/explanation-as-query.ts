/** C4: an observer that is asked about the very image it is shown must know it again. */

import { auroc } from '../../measure/auroc.ts';
import { halves } from '../../measure/bands.ts';
import { meanRow } from '../../measure/rows.ts';
import { evidence } from '../../measure/two-afc.ts';
import { ARMS_COMPARED, average, type ControlDefinition, rounded, type StudyLayer } from './study.ts';

const LEAST = 0.95;

export const explanationAsQuery: ControlDefinition = {
  id: 'C4',
  title: 'The explanation reused as the query',
  passes_if: `Shown one of a direction's top images and asked which of that image and a middling one belongs to it, the observer takes the image it was shown in at least ${LEAST} of the trials, on the mean of each arm in every layer. (Beside it stands what it makes of half of the top images shown together and asked again, which is not expected to reach that: a mean of many images is none of them.)`,
  run: async ({ layers, stages, signal }) => {
    stages.begin('C4: explanations as queries', layers.length);
    const found = layers.map((layer, i) => {
      signal?.throwIfAborted();
      const arms = ARMS_COMPARED.map((arm) => [arm, reuse(layer, arm)] as const);
      stages.done(i + 1);
      return { layer: layer.layer.slug, arms };
    });
    const scores = found.flatMap(({ arms }) => arms.flatMap(([, { n, one_image }]) => (n > 0 ? [one_image] : [])));
    return {
      pass: scores.length === 0 ? null : scores.every((score) => score >= LEAST),
      values: { layers: found.map(({ layer, arms }) => ({ layer, ...Object.fromEntries(arms) })) },
    };
  },
};

/** Means over an arm's directions, none constant. */
export function reuse({ directions, embeddings }: Pick<StudyLayer, 'directions' | 'embeddings'>, arm: string) {
  const judged = directions.filter((one) => one.arm === arm && one.top.length > 0);
  const single = judged.map(({ top, middle }) => {
    let wins = 0;
    for (const image of top) {
      const shown = meanRow(embeddings, [image]);
      const [own] = evidence(embeddings, shown, [image]);
      wins += auroc([own], evidence(embeddings, shown, middle));
    }
    return wins / top.length;
  });
  const set = judged.map(({ top, middle }) => {
    const [shown] = halves(top);
    const e = meanRow(embeddings, shown);
    return auroc(evidence(embeddings, e, shown), evidence(embeddings, e, halves(middle)[0]));
  });
  return { n: judged.length, one_image: rounded(average(single)), half_of_the_top: rounded(average(set)) };
}
