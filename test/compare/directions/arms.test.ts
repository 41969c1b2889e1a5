/** Every arm: named, unit, the same for ever, and the same however many are asked for. */
import { describe, expect, it } from 'vitest';
import { float32Bytes, sha256 } from '../../../generator/batch/canonical.ts';
import { HaarFrames, placeOf } from '../../../generator/batch/haar.ts';
import { ARMS, armsFor } from '../../../generator/compare/directions/arm-table.ts';
import { channelSubset } from '../../../generator/compare/directions/basis.ts';
import { generateArm } from '../../../generator/compare/directions/generate-arm.ts';
import type { LayerInput } from '../../../generator/compare/directions/layer-input.ts';
import type { Tap } from '../../../generator/models/model.ts';
import { makeLayer, WEIGHTS } from './small-layer.ts';

/** Fits: what a direction is depends on how many there are. */
const FITS = ['nmf', 'kmeans'];
const made = ARMS.filter(({ id }) => id !== 'file');
const tapOf = (id: string): Tap => (id === 'basis-negative' ? 'before' : 'after');
const CHANNELS = 10;
const generate = (id: string, changes: Partial<LayerInput> = {}) =>
  generateArm(id, makeLayer(CHANNELS, { tap: tapOf(id), counts: { [id]: 6 }, ...changes }));

describe('the table of arms', () => {
  it('has those of the comparison, each once', () => {
    expect(ARMS.map(({ id, role }) => `${id}: ${role}`)).toMatchInlineSnapshot(`
      [
        "basis: confirmatory",
        "random: confirmatory",
        "basis-negative: secondary",
        "rotated-0: secondary",
        "rotated-0-2: secondary",
        "rotated-0-4: secondary",
        "rotated-0-6: secondary",
        "rotated-0-8: secondary",
        "rotated-1: secondary",
        "sparse-2: secondary",
        "sparse-4: secondary",
        "sparse-8: secondary",
        "covariance: sensitivity",
        "whitened: sensitivity",
        "matched: sensitivity",
        "nonnegative: sensitivity",
        "pca: exploratory",
        "nmf: exploratory",
        "kmeans: exploratory",
        "file: exploratory",
      ]
    `);
    expect(new Set(ARMS.map(({ id }) => id)).size).toBe(ARMS.length);
  });

  it('allows negatives where values have a sign, factors and |g| after the non-linearity, and no more sparse channels than there are', () => {
    const ids = (tap: Tap, channels = 10) => armsFor(tap, channels).map(({ id }) => id);
    expect(ids('before')).toContain('basis-negative');
    expect(ids('linear')).toEqual(ids('before'));
    expect(ids('after')).not.toContain('basis-negative');
    for (const id of ['nmf', 'nonnegative']) {
      expect(ids('after')).toContain(id);
      expect(ids('before')).not.toContain(id);
    }
    expect(ids('after', 5).filter((id) => id.startsWith('sparse'))).toEqual(['sparse-2', 'sparse-4']);
    expect(() => generate('nmf', { tap: 'before' })).toThrow(
      /net\/early: expected one of basis, random.* received "nmf, in a layer of 10 channels, tap before"/,
    );
    expect(() => generate('sparse-8', { channels: 4 })).toThrow('in a layer of 4 channels');
    expect(() => generate('median')).toThrow('for the arm, received "median"');
  });
});

describe.each(made.map(({ id }) => id))('%s', (id) => {
  it('has slugs of its own, unit vectors and the hashes of their bytes', () => {
    const found = generate(id);
    expect(found).toHaveLength(6);
    expect(new Set(found.map((direction) => direction.id)).size).toBe(6);
    for (const direction of found) {
      expect(direction.id).toMatch(/^[a-z]+(-[a-z]+)*(-\d+)+(-negative)?$/);
      expect(direction.id).toContain(`-${direction.index}`);
      expect(direction.arm).toBe(id);
      expect(Math.hypot(...direction.vector)).toBeCloseTo(1, 6);
      expect(direction.sha256).toBe(sha256(float32Bytes(direction.vector)));
    }
  });

  it('is the same to the last bit when made again', () => {
    expect(generate(id)).toEqual(generate(id));
  });

  it('has as many as are usual where none are asked for, and none where none are wanted', () => {
    const arm = ARMS.find((known) => known.id === id);
    expect(generate(id, { counts: {} })).toHaveLength(arm?.usual(CHANNELS) ?? -1);
    expect(generate(id, { counts: { [id]: 0 } })).toEqual([]);
  });

  it('is refused a count that is no whole number', () => {
    expect(() => generate(id, { counts: { [id]: 2.5 } })).toThrow(`expected a whole number for the count of ${id}, received 2.5`);
  });
});

it.each(made.map(({ id }) => id).filter((id) => !FITS.includes(id)))('%s does not depend on how many are asked for', (id) => {
  const few = new Map(generate(id, { counts: { [id]: 3 } }).map((direction) => [direction.id, direction]));
  const many = new Map(generate(id, { counts: { [id]: 10 } }).map((direction) => [direction.id, direction]));
  expect(few.size).toBe(3);
  for (const [name, direction] of few) expect(many.get(name)).toEqual(direction);
});

describe('directions are fixed for ever', () => {
  it('by these hashes', () => {
    const recorded = Object.fromEntries(
      made.map(({ id }) => [
        id,
        sha256(
          generate(id)
            .map((direction) => `${direction.id} ${direction.sha256}`)
            .join('\n'),
        ),
      ]),
    );
    expect(recorded).toMatchInlineSnapshot(`
      {
        "basis": "af3566d2f2b08a9cf8be769560fd08906fe1136df56d696dab369fc344bfedb0",
        "basis-negative": "ec0b1c5a6e4236a6c9ae07d3bee231a65d15803cd9b24af5d02450fef0d691c0",
        "covariance": "3b3de7bf4ce32417c8b174dbc2b8f86e4615833f2ef72a6550cf553f30159bb1",
        "kmeans": "9f36c79cb817d965212fe88a10c928a08d40be0ca1140b33911d57474af918d1",
        "matched": "c0bdc2223ed96c67cec3acc1a465b3429bd1cd9358dc085432a315e233892c61",
        "nmf": "aa224e01d0495889b9e8c2fdd28083be956c90aec317e5c93ee33ceb731401b1",
        "nonnegative": "17dab54fda08e15f9dff51e071927e0050bd5835aa0b0e8cc38c6ff2f0d1e704",
        "pca": "67f0441ff449edb1b03af83767f0ce329f7c2811ffd7998a499ab3303b3c33bf",
        "random": "74afd2b9aeda3515ff8143edf83888982c628a5ab17c596207bcaf62b0cf336c",
        "rotated-0": "ea79ffaa5e5fae16e8b83612795efdc72aad9eb814f5223de0d7702c9afbfd49",
        "rotated-0-2": "7cb1c4c4c8ae9cd1cae5c11c95dbf5e0c6fed84f3cff4864ec5104307d75f14a",
        "rotated-0-4": "6604b37534f14579b402b88deb9aa7582d43c78a06205aaf86b01bf8f7359b6b",
        "rotated-0-6": "0eff0a281badf05fc1f95a609653158dc774795a32ca25bcf461d609b0024fbe",
        "rotated-0-8": "a896c6cccf42e11cffa10fd606f67aaf4265745311d3bb3a315540ebeef88602",
        "rotated-1": "a078c32399336da9d4550e9c9e9db108b5d79f2286f11a063056a803431f4dea",
        "sparse-2": "1ee28f7e95064912bf68b6459741b795c2fcf399e1306b9685e44ad752676069",
        "sparse-4": "4af7b110fe782afb7f9568dab3522505f53f3e7fcf24af7bc61f8b75c66a28eb",
        "sparse-8": "9dbbd97f454feb600cd1e7d9a2aae205a097e81978c19b12b96bc5fa4b67e5d9",
        "whitened": "20f945f05d329bfa6664a508ac4583fe60d6d0a1ee5d480c26ee766c2b068fe9",
      }
    `);
  });

  it('random-k is what the atlas renders under that name', () => {
    const rendered = new HaarFrames(WEIGHTS, 'net/early', CHANNELS);
    for (const { index, frame, vector } of generate('random', { counts: { random: 45 } })) {
      expect(vector).toEqual(rendered.row(placeOf(index, CHANNELS)));
      expect(frame).toBe(placeOf(index, CHANNELS).frame);
    }
  });

  const bySeed = ['basis', 'rotated-0-4', 'matched', ...FITS];
  it('the draws depend on the weights, the layer and the arm, and not on the seed but for the choice of channels and the fits', () => {
    // Principal components are the activations' own.
    for (const { id } of made.filter((arm) => arm.id !== 'pca')) {
      const hashes = (changes: Partial<LayerInput>) =>
        generate(id, changes)
          .map((direction) => direction.sha256)
          .join();
      const own = hashes({});
      expect(hashes({ layerName: 'net/late' }) === own, id).toBe(false);
      expect(hashes({ weightsSha256: 'cd'.repeat(32) }) === own, id).toBe(false);
      const chosen = bySeed.includes(id) || id.startsWith('basis') || id.startsWith('rotated');
      expect(hashes({ seed: 5 }) === own, id).toBe(!chosen);
    }
  });
});

describe('the channels of a subset', () => {
  it('are the same in every arm that has one direction a channel, drawn by the seed, and part of a larger subset', () => {
    const subset = channelSubset(makeLayer(CHANNELS), 6);
    for (const id of ['basis', 'basis-negative', 'rotated-0', 'rotated-0-8', 'matched'])
      expect(generate(id).map(({ index }) => index)).toEqual(subset);
    expect(channelSubset(makeLayer(CHANNELS), 9)).toEqual(expect.arrayContaining(subset));
    expect(channelSubset(makeLayer(CHANNELS), 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(channelSubset(makeLayer(CHANNELS, { seed: 1 }), 6)).not.toEqual(subset);
  });
});

describe('what an arm needs', () => {
  const bare = (id: string): LayerInput => ({
    weightsSha256: WEIGHTS,
    layerName: 'net/early',
    channels: CHANNELS,
    tap: tapOf(id),
    counts: {},
    seed: 0,
  });

  it('is asked for, and no more: arms that need nothing have nothing', () => {
    for (const { id, needs } of made)
      if (needs === 'nothing') expect(generateArm(id, bare(id)).length, id).toBeGreaterThan(0);
      else
        expect(() => generateArm(id, bare(id)), id).toThrow(
          /net\/early: expected activations of 10 channels for the arm \w+, received nothing/,
        );
  });

  it('has to fit the layer and be finite', () => {
    const { activations } = makeLayer(CHANNELS);
    for (const { id } of made.filter(({ needs }) => needs !== 'nothing')) {
      expect(() => generateArm(id, { ...bare(id), channels: 9, ...(activations && { activations }) })).toThrow('received "10 channels"');
      for (const part of ['means', 'covariance', 'sample'] as const) {
        if (!activations) throw new Error('no activations');
        const broken = { ...activations, [part]: activations[part].slice().fill(Number.NaN, 3, 4) };
        expect(() => generateArm(id, { ...bare(id), activations: broken })).toThrow('expected finite activations');
        expect(() => generateArm(id, { ...bare(id), activations: { ...activations, [part]: activations[part].slice(0, 0) } })).toThrow(
          'received "none"',
        );
      }
    }
  });
});
