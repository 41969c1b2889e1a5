/** C6: a finding that another observer turns round is none. */
import type { ControlDefinition } from './study.ts';

export const secondObserver: ControlDefinition = {
  id: 'C6',
  title: 'The second observer',
  passes_if:
    'In every layer the sign of the headline δ is the same for the second observer; otherwise the comparison is inconclusive, and this is null.',
  run: async ({ comparison }) => {
    const [first, second] = comparison.observers;
    if (!second)
      return {
        pass: null,
        values: { reason: 'The comparison has one observer: name a second one (compare.observer of the plan, or --observer).' },
      };
    const layers = comparison.layers.map(({ id, results }) => {
      const delta = (observer: string, role: string) =>
        results.find(
          (row) =>
            row.metric === 'natural-2afc' &&
            row.role === role &&
            row.observer === observer &&
            row.armA === 'basis' &&
            row.armB === 'random',
        )?.cliff ?? null;
      const [one, other] = [delta(first.id, 'headline'), delta(second.id, 'secondary')];
      return { layer: id, first: one, second: other, agrees: one !== null && other !== null && Math.sign(one) === Math.sign(other) };
    });
    const inconclusive = layers.filter(({ agrees }) => !agrees).map(({ layer }) => layer);
    return {
      pass: inconclusive.length === 0 ? true : null,
      values: { observers: [first.id, second.id], layers, ...(inconclusive.length > 0 ? { inconclusive } : {}) },
    };
  },
};
