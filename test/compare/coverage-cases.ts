/** Simulated studies in which the truth is known: does an interval cover it, does a test keep its level? */
import { bcaInterval, bootstrap, type Clusters } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { permutationBrunnerMunzel } from '../../generator/compare/statistics/brunner-munzel.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { NEGLIGIBLE, testEquivalence } from '../../generator/compare/statistics/equivalence.ts';
import { frameTest } from '../../generator/compare/statistics/frame-test.ts';
import { intraclass } from '../../generator/compare/statistics/icc.ts';
import { normalCdf, normalQuantile } from '../../generator/compare/statistics/normal-distribution.ts';
import { signFlips } from '../../generator/compare/statistics/sign-flips.ts';
import { twoWayBootstrap } from '../../generator/compare/statistics/two-way-bootstrap.ts';
import { RandomStream } from '../../generator/render/random.ts';

/** A study draws its data from the stream and says whether the interval covered the truth, or the test rejected it. */
export type Study = (stream: RandomStream) => boolean;

const within = (ends: readonly [number, number] | null | undefined, truth: number): boolean =>
  ends !== null && ends !== undefined && ends[0] <= truth && truth <= ends[1];

const draw = (n: number, next: () => number): number[] => Array.from({ length: n }, next);

/** The 95% interval of δ between normal values shifted by ½ and of 1½ times the spread. */
export const deltaInterval =
  (na: number, nb: number, shift = 0.5): Study =>
  (stream) => {
    const a = draw(na, () => stream.normal() + shift);
    const b = draw(nb, () => stream.normal() * 1.5);
    return within(bcaInterval([a], [b], cliffsDelta, { stream, draws: 599 }), 2 * normalCdf(shift / Math.hypot(1, 1.5)) - 1);
  };

/** The same with the second sample in clusters of `size`, of which `share` of the variance is common to each. */
export const clusteredInterval =
  (na: number, clusters: number, size: number, share: number): Study =>
  (stream) => {
    const a = draw(na, () => stream.normal() + 0.5);
    const b: Clusters = Array.from({ length: clusters }, () => {
      const common = Math.sqrt(share) * stream.normal();
      return draw(size, () => common + Math.sqrt(1 - share) * stream.normal());
    });
    return within(bcaInterval([a], b, cliffsDelta, { stream, draws: 599 }), 2 * normalCdf(0.5 / Math.SQRT2) - 1);
  };

/** Brunner–Munzel at .05 where A = ½ and the spreads differ threefold. */
export const brunnerMunzelRejects =
  (na: number, nb: number): Study =>
  (stream) => {
    const a = draw(na, () => stream.normal());
    const b = draw(nb, () => stream.normal() * 3);
    return permutationBrunnerMunzel(a, b, stream, 399).p <= 0.05;
  };

/** Sign flips at .05 of differences symmetric about 0, heavy-tailed and of unequal spreads. */
export const signFlipsReject =
  (pairs: number): Study =>
  (stream) => {
    const differences = Array.from({ length: pairs }, (_, i) => ((1 + i) * stream.normal()) / (0.2 + stream.uniform()));
    return signFlips(differences, stream, 399).p <= 0.05;
  };

/** The frame test at .05: T of the basis drawn as that of any frame, skewed, all of them moved by what the images have in common. */
export const frameTestRejects =
  (frames: number): Study =>
  (stream) => {
    const common = stream.normal();
    const [basis, ...others] = draw(frames + 1, () => common - Math.log(1 - stream.uniform()));
    return frameTest(basis, others).p <= 0.05;
  };

/** The 95% intervals of ICC(1,1), or of ICC(1,k) with groups of one size. */
export const iccInterval =
  (sizes: readonly number[], rho: number, which: 'single' | 'average' = 'single'): Study =>
  (stream) => {
    const groups = sizes.map((size) => {
      const common = Math.sqrt(rho) * stream.normal();
      return draw(size, () => common + Math.sqrt(1 - rho) * stream.normal());
    });
    const result = intraclass(groups);
    if (which === 'single') return within(result?.singleInterval, rho);
    return within(result?.averageInterval, (sizes[0] * rho) / (1 + (sizes[0] - 1) * rho));
  };

/** The 95% interval of a difference of .3 between two arms, every rater seeing a share of the directions; spreads of the effects as given. */
export const twoWayInterval =
  (raters: number, directions: number, seen: number, spread: { rater: number; direction: number; noise: number }): Study =>
  (stream) => {
    // What a rater adds to one arm alone; what they add to both cancels.
    const tastes = [0, 1].map(() => draw(raters, () => spread.rater * stream.normal()));
    const strictness = draw(raters, () => stream.normal());
    const [a, b] = [0.3, 0].map((truth, arm) => {
      const effects = draw(directions, () => spread.direction * stream.normal());
      return tastes[arm].flatMap((taste, r) =>
        effects.flatMap((effect, d) =>
          stream.uniform() < seen
            ? [{ rater: `${r}`, direction: `${d}`, value: truth + strictness[r] + taste + effect + spread.noise * stream.normal() }]
            : [],
        ),
      );
    });
    return within(twoWayBootstrap(a, b, { stream, draws: 499 })?.interval, 0.3);
  };

/** Whether "no difference" is said of two samples whose δ is just the margin, where it would be wrong, or of the δ given. */
export const saysEquivalent =
  (n: number, delta = NEGLIGIBLE): Study =>
  (stream) => {
    const a = draw(n, () => stream.normal() + Math.SQRT2 * normalQuantile((1 + delta) / 2));
    const b = draw(n, () => stream.normal());
    const distribution = bootstrap([a], [b], cliffsDelta, { stream, draws: 399 });
    return testEquivalence(distribution, { delta: cliffsDelta(a, b), na: n, nb: n }).equivalent;
  };

/** Sizes of groups. */
const THREES: readonly number[] = new Array<number>(20).fill(3);
const UNEQUAL: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 8, 2, 2, 2];

const LED_BY_DIRECTIONS = { rater: 0.2, direction: 0.6, noise: 0.3 };

export interface Case {
  readonly title: string;
  readonly study: Study;
  /** Share of studies, of a thousand, in which the interval may cover or the test reject. */
  readonly from: number;
  readonly to: number;
  /** Whether a few hundred studies take so little that every run of the tests can afford them. */
  readonly quick: boolean;
}

const covers = { from: 0.93, to: 0.97 };
const rejects = { from: 0.04, to: 0.06 };

/** In how many of so many studies the answer was yes. Seeded by the title, so that a run repeats. */
export function shareOf({ title, study }: Case, studies: number): number {
  let yes = 0;
  for (let i = 0; i < studies; i++) if (study(new RandomStream('coverage', title, i))) yes++;
  return yes / studies;
}

/** Where the methods hold; how they do at smaller sizes stands in their own comments. */
export const CASES: readonly Case[] = [
  { title: 'the interval of δ covers it, 60 against 40', study: deltaInterval(60, 40), ...covers, quick: false },
  { title: 'the interval of δ covers it, 20 against 20', study: deltaInterval(20, 20), ...covers, quick: true },
  { title: 'the interval of δ covers it, 60 against 8 frames of 8', study: clusteredInterval(60, 8, 8, 0.1), ...covers, quick: false },
  {
    title: 'the interval of δ covers it, 60 against 30 pairs of near-duplicates',
    study: clusteredInterval(60, 30, 2, 0.9),
    ...covers,
    quick: false,
  },
  {
    title: 'Brunner–Munzel rejects a true null of unequal spreads, 80 against 40',
    study: brunnerMunzelRejects(80, 40),
    ...rejects,
    quick: true,
  },
  { title: 'sign flips of 12 pairs, all patterns, reject a true null', study: signFlipsReject(12), ...rejects, quick: true },
  { title: 'sign flips of 40 pairs, drawn, reject a true null', study: signFlipsReject(40), ...rejects, quick: true },
  { title: 'the frame test rejects a true null with 199 frames', study: frameTestRejects(199), ...rejects, quick: true },
  { title: 'the interval of ICC(1,1) covers it, 20 groups of 3', study: iccInterval(THREES, 0.5), ...covers, quick: true },
  { title: 'the interval of ICC(1,k) covers it, 20 groups of 3', study: iccInterval(THREES, 0.5, 'average'), ...covers, quick: true },
  { title: 'the interval of ICC(1,1) covers it, 18 groups of 1 to 8', study: iccInterval(UNEQUAL, 0.3), ...covers, quick: true },
  {
    title: 'the two-way interval covers the difference of arms, 15 raters, 20 directions an arm',
    study: twoWayInterval(15, 20, 0.5, LED_BY_DIRECTIONS),
    ...covers,
    quick: false,
  },
  {
    title: 'the two-way interval covers the difference of arms, 8 raters, 8 directions an arm',
    study: twoWayInterval(8, 8, 0.5, LED_BY_DIRECTIONS),
    ...covers,
    quick: true,
  },
  { title: '“no difference” is said of a δ at the margin, 256 against 256', study: saysEquivalent(256), ...rejects, quick: false },
];
