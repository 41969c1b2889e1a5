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
import type { RandomStream } from '../../generator/render/random.ts';

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

/** Brunner–Munzel at .05 where A = ½ and the spreads differ twofold. */
export const brunnerMunzelRejects =
  (na: number, nb: number): Study =>
  (stream) => {
    const a = draw(na, () => stream.normal());
    const b = draw(nb, () => stream.normal() * 2);
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
