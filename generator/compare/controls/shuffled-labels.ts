/** C0: with the arms' labels shuffled there is no difference, and the test must say so as often as it should. */
import { RandomStream } from '../../render/random.ts';
import { permutationBrunnerMunzel } from '../statistics/brunner-munzel.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { ARMS_COMPARED, average, type ControlDefinition, rounded } from './study.ts';

export const SHUFFLES = 200;
/** Draws of a test; the comparison itself takes 9,999. */
const DRAWS = 499;
/** Largest mean δ, and fewest and most shuffles with p < .05: of 200 at .05, 99.5% of all series lie within. */
const LARGEST_MEAN = 0.02;
const FEWEST = 3;
const MOST = 19;

export const shuffledLabels: ControlDefinition = {
  id: 'C0',
  title: 'Arm labels shuffled',
  passes_if: `In every layer, of ${SHUFFLES} shuffles of the labels of basis and random directions over their M1, the mean δ lies within ±${LARGEST_MEAN} and ${FEWEST} to ${MOST} have p < .05 by the permutation test (of ${DRAWS} draws here).`,
  run: async ({ layers, stages, signal }) => {
    stages.begin('C0: labels shuffled', layers.length);
    const found = [];
    for (const [i, { layer, directions }] of layers.entries()) {
      signal?.throwIfAborted();
      const [basis, random] = ARMS_COMPARED.map((arm) => directions.flatMap((one) => (one.arm === arm ? (one.m1 ?? []) : [])));
      found.push({ layer: layer.slug, ...shuffle(basis, random, layer.slug) });
      stages.done(i + 1);
    }
    const enough = found.filter(({ basis, random }) => Math.min(basis, random) > 1);
    return {
      pass:
        enough.length === 0
          ? null
          : enough.every(
              ({ mean_delta, significant }) => Math.abs(mean_delta) <= LARGEST_MEAN && significant >= FEWEST && significant <= MOST,
            ),
      values: { shuffles: SHUFFLES, draws: DRAWS, layers: found },
    };
  },
};

/** δ and p of samples of the two sizes, dealt from both together. `name` names the draws. */
export function shuffle(a: readonly number[], b: readonly number[], name: string) {
  const pooled = [...a, ...b];
  const deltas: number[] = [];
  let significant = 0;
  for (let s = 0; s < SHUFFLES && Math.min(a.length, b.length) > 1; s++) {
    const order = new RandomStream('C0', name, s).permutation(pooled.length);
    const dealt = Array.from(order, (i) => pooled[i]);
    const [left, right] = [dealt.slice(0, a.length), dealt.slice(a.length)];
    deltas.push(cliffsDelta(left, right));
    if (permutationBrunnerMunzel(left, right, new RandomStream('C0', name, s, 'test'), DRAWS).p < 0.05) significant++;
  }
  return { basis: a.length, random: b.length, mean_delta: deltas.length > 0 ? rounded(average(deltas)) : Number.NaN, significant };
}
