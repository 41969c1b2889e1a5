/** Made-up answers of people, as `atlas compare --ratings` would have analysed them. */
import { type Human, human } from '../../data/schema.ts';

const hash = '0'.repeat(64);

/** A valid human.json of an atlas. */
export function makeHuman(atlas: string): Human {
  const accuracy = ['all', 'expanded-conv-3-expand'].flatMap((layer) =>
    (['basis', 'random'] as const).map((arm) => ({
      ...{ layer, arm, kind: 'images', directions: 24, answers: 96, nameable: 3.1, confidence: 2.2 },
      accuracy: arm === 'basis' ? 0.82 : 0.74,
    })),
  );
  return human.parse({
    ...{ schema: 'basis-human/1', atlas, study_sha256: hash, key_sha256: hash, raters: 12, seed: '0', files: [], directions: [] },
    rules: { catch_accuracy: 0.8, seconds: [135, 2500] },
    excluded: [{ file: 'ratings.json', rater: 'abcdefabcdef', session: 1, reason: 'too-fast', value: 90 }],
    agreement: [{ measure: 'choice', level: 'nominal', trials: 8, raters: 12, alpha: 0.21 }],
    accuracy,
    differences: [
      {
        ...{ layer: 'all', kind: 'images', measure: 'accuracy', armA: 'basis', armB: 'random', ci_method: 'two-way bootstrap' },
        ...{ difference: 0.08, ci: [-0.01, 0.17] },
      },
    ],
  });
}
