/** Agreement and interval written straight from their definitions, slow and plain. */
import type { StudyStatistics } from '../../../generator/compare/study/analyse-ratings.ts';
import { type CrossedObservation, differenceOfMeans } from '../../../generator/compare/study/observations.ts';
import type { RandomStream } from '../../../generator/render/random.ts';

/** α = 1 − observed / expected disagreement over pairs of values; squared distance of 0 and 1, or of ranks' midpoints, as the level has it. */
function agreement(values: readonly (readonly (number | null)[])[], level: 'nominal' | 'ordinal'): number | null {
  const units = values.map((row) => row.filter((value) => value !== null)).filter((row) => row.length > 1);
  const all = units.flat();
  const count = (value: number) => all.filter((one) => one === value).length;
  const between = (a: number, b: number) =>
    [...new Set(all)].filter((one) => one >= Math.min(a, b) && one <= Math.max(a, b)).reduce((sum, one) => sum + count(one), 0) -
    (count(a) + count(b)) / 2;
  const distance = (a: number, b: number) => (level === 'nominal' ? Number(a !== b) : a === b ? 0 : between(a, b) ** 2);
  const pairs = (row: readonly number[]) => row.flatMap((a, i) => row.flatMap((b, j) => (i === j ? [] : [distance(a, b)])));
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  const observed = sum(units.map((row) => sum(pairs(row)) / (row.length - 1))) / all.length;
  const expected = sum(pairs(all)) / (all.length * (all.length - 1));
  return expected > 0 ? 1 - observed / expected : null;
}

const DRAWS = 200;

function interval(a: readonly CrossedObservation[], b: readonly CrossedObservation[], stream: RandomStream): [number, number] | null {
  const draw = (names: readonly string[]) => names.map(() => names[stream.below(names.length)]);
  const raters = [...new Set([...a, ...b].map(({ rater }) => rater))];
  const resample = (side: readonly CrossedObservation[], drawn: readonly string[]) =>
    draw([...new Set(side.map(({ direction }) => direction))]).flatMap((direction) =>
      drawn.flatMap((rater) => side.filter((one) => one.direction === direction && one.rater === rater)),
    );
  const differences = Array.from({ length: DRAWS }, () => {
    const drawn = draw(raters);
    return differenceOfMeans(resample(a, drawn), resample(b, drawn));
  }).filter((value) => value !== null);
  differences.sort((x, y) => x - y);
  return differences.length < DRAWS / 2
    ? null
    : [differences[Math.floor(0.025 * differences.length)], differences[Math.ceil(0.975 * differences.length) - 1]];
}

export const direct: StudyStatistics = { agreement, interval, method: `two-way bootstrap, ${DRAWS} draws` };
