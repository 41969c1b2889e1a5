/** Who is asked about when: as even as the numbers allow, whatever they are. */
import { expect, test } from 'vitest';
import type { ExplanationKind } from '../../../data/schema.ts';
import { drawSessions, type Question } from '../../../generator/compare/study/draw-sessions.ts';
import { RandomStream } from '../../../generator/render/random.ts';

interface Shape {
  arms: number;
  layers: number;
  kinds: ExplanationKind[];
  each: number;
  sessions: number;
}

function draw({ arms, layers, kinds, each, sessions }: Shape) {
  const names = (n: number, what: string) => Array.from({ length: n }, (_, i) => `${what}-${i}`);
  const candidates = names(arms, 'arm').flatMap((arm) =>
    names(layers, 'layer').flatMap((layer) => names(each, arm).map((id) => ({ id, arm, layer, kinds }))),
  );
  return drawSessions(candidates, { sessions, stream: new RandomStream('test', arms, layers) });
}

/** The least and the most often that any value of `by` comes, of `n` values that there are. */
function spread(questions: readonly Question[], by: (question: Question) => string, n: number): [number, number] {
  const counts = [...Map.groupBy(questions, by).values()].map((all) => all.length);
  return [counts.length < n ? 0 : Math.min(...counts), Math.max(...counts)];
}

test.for<[string, Shape]>([
  ['one layer, one kind', { arms: 2, layers: 1, kinds: ['images'], each: 30, sessions: 9 }],
  ['four layers', { arms: 2, layers: 4, kinds: ['renders', 'images'], each: 24, sessions: 12 }],
  [
    'three arms, five layers: cells that 40 trials cannot fill evenly',
    { arms: 3, layers: 5, kinds: ['renders', 'images'], each: 12, sessions: 6 },
  ],
])('%s: every arm, layer, kind and cell comes as often as another, give or take one', ([, shape]) => {
  const { shared, own } = draw(shape);
  const { arms, layers, kinds } = shape;
  for (const session of own) {
    const all = [...shared, ...session];
    expect(all).toHaveLength(40);
    for (const [by, n] of [
      [({ candidate }: Question) => candidate.arm, arms],
      [({ candidate }: Question) => `${candidate.arm} ${candidate.layer}`, arms * layers],
      [({ candidate, kind }: Question) => `${candidate.arm} ${candidate.layer} ${kind}`, arms * layers * kinds.length],
      [({ kind }: Question) => kind, kinds.length],
    ] as const) {
      const [least, most] = spread(all, by, n);
      expect(most - least).toBeLessThanOrEqual(1);
    }
  }
});

test('directions come back in later sessions once all of their cell have had their turn, and as often as one another', () => {
  const { own } = draw({ arms: 2, layers: 1, kinds: ['images'], each: 30, sessions: 20 });
  const asked = [...Map.groupBy(own.flat(), ({ candidate }) => candidate).values()].map((all) => all.length);
  // 20 sessions of 16 questions an arm, on the 26 directions of an arm that are not shared: 12.3 each.
  expect(asked).toHaveLength(52);
  expect(Math.min(...asked)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...asked)).toBeLessThanOrEqual(15);
});
