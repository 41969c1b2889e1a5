import { describe, expect, it } from 'vitest';
import { auroc } from '../../generator/measure/auroc.ts';
import { type IdentityItem, renderIdentity } from '../../generator/measure/render-identity.ts';
import { RandomStream } from '../../generator/render/random.ts';

const unit = (values: number[]) => Float32Array.from(values, (value) => value / Math.hypot(...values));
const mean = (values: readonly (number | null)[]) => values.reduce((sum: number, value) => sum + (value ?? Number.NaN), 0) / values.length;

/** `count` directions of 3 renders: `signal` of a direction's own vector, the rest noise. */
function directions(count: number, signal: number, name: string): IdentityItem[] {
  const stream = new RandomStream('identity', name);
  const draw = () => Array.from({ length: 24 }, () => stream.normal());
  return Array.from({ length: count }, (_, i) => {
    const own = draw();
    return { group: i % 2, renders: [0, 1, 2].map(() => unit(draw().map((noise, k) => signal * own[k] + (1 - signal) * noise))) };
  });
}

describe('render identity', () => {
  it('is 1 where a direction’s renders are alike and others’ are not', () => {
    expect(renderIdentity(directions(12, 0.99, 'perfect'))).toEqual(Array(12).fill(1));
  });

  it('is a half on average where renders have nothing of their direction', () => {
    expect(mean(renderIdentity(directions(80, 0, 'chance')))).toBeCloseTo(0.5, 1.3);
  });

  it('is 0 where a direction’s renders differ from one another more than from any other’s', () => {
    const renders = [unit([1, 0, 0]), unit([0, 1, 0]), unit([0, 0, 1])];
    const rolled = [renders[1], renders[2], renders[0]];
    expect(
      renderIdentity([
        { group: 0, renders },
        { group: 1, renders: rolled },
      ])[0],
    ).toBeLessThan(0.5);
    const adversary = renders.map((_, s) => unit([0, 1, 2].map((k) => (k === s ? 0.1 : 1))));
    expect(
      renderIdentity([
        { group: 0, renders },
        { group: 1, renders: adversary },
      ])[0],
    ).toBe(0);
  });

  it('is a half where all renders of all directions are one picture', () => {
    const same = unit([1, 2, 3]);
    expect(renderIdentity(Array.from({ length: 4 }, (_, i) => ({ group: i % 2, renders: [same, same] })))).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('weights groups evenly, however many directions each has', () => {
    const own = { group: 0, renders: [unit([1, 0]), unit([1, 0])] };
    const twin = { group: 0, renders: [unit([1, 0]), unit([1, 0])] };
    const stranger = (group: number) => ({ group, renders: [unit([0, 1]), unit([0, 1])] });
    expect(renderIdentity([own, twin, stranger(1)])[0]).toBe((0.5 + 1) / 2);
    expect(renderIdentity([own, twin, ...Array.from({ length: 9 }, () => stranger(1))])[0]).toBe((0.5 + 1) / 2);
  });

  it('does not take what a seed shares for likeness of a direction', () => {
    const seeds = [unit([1, 0, 0]), unit([0, 1, 0]), unit([0, 0, 1])];
    expect(renderIdentity(Array.from({ length: 6 }, (_, i) => ({ group: i % 2, renders: seeds })))).toEqual(Array(6).fill(0.5));
  });

  it('is null for one render, for lost ones, and for a direction alone', () => {
    const picture = unit([1, 1]);
    const items = [
      { group: 0, renders: [picture] },
      { group: 0, renders: [picture, undefined] },
      { group: 1, renders: [picture, picture] },
    ];
    expect(renderIdentity(items)[0]).toBeNull();
    expect(renderIdentity(items)[1]).toBeNull();
    expect(renderIdentity(items)[2]).toBe(0.5);
    expect(renderIdentity([items[2]])).toEqual([null]);
  });

  it('does not depend on the order of the directions', () => {
    const items = directions(10, 0.4, 'order');
    expect(renderIdentity(items.toReversed()).toReversed()).toEqual(renderIdentity(items));
  });
});

describe('AUROC', () => {
  it('counts pairs, ties as halves', () => {
    expect(auroc([1, 2, 2], [0, 2])).toBe(4 / 6);
    expect(auroc([], [1])).toBeNaN();
  });
});
