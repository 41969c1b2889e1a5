/** What was judged of a layer's arms, kept, so that a comparison judges again only what its evidence, its plan or this program changed. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { z } from 'zod';
import { comparison, measures } from '../../../data/schema.ts';
import { canonicalJson, sha256 } from '../../batch/canonical.ts';
import type { LayerEvidence } from '../evidence/evidence.ts';
import type { Parts } from '../evidence/parts.ts';
import type { JudgedArms, JudgeRequest } from './judged.ts';

const layer = comparison.shape.layers.element;
const kept = z.object({
  scores: z.array(
    z.object({
      measures,
      top: z.array(z.int()),
      middle: z.array(z.int()),
      moments: z.object({ mu: z.number(), sigma: z.number(), constant: z.boolean() }),
      renders: z.array(z.object({ score: z.number().nullable(), exceeds: z.boolean().nullable() })),
      concept: z.string().optional(),
    }),
  ),
  part: layer.omit({ results: true }),
  rows: layer.shape.results,
});

/** What is kept of the request's layer, or what `judge` finds, which is kept then. The same to the last bit. */
export async function keepJudged(
  parts: Pick<Parts, 'find' | 'write'>,
  request: JudgeRequest,
  judge: () => Promise<JudgedArms>,
): Promise<JudgedArms> {
  const name = `${request.layer.slug}/judged`;
  const key = await judgedKey(request);
  const known = kept.safeParse(await parts.find(name, 'json', key));
  if (known.success) return known.data;
  const { scores, part, rows } = await judge();
  const whole = {
    scores: scores.map(({ measures: own, top, middle, moments: { mu, sigma, constant }, renders, concept }) => ({
      ...{ measures: own, top, middle, moments: { mu, sigma, constant } },
      renders: renders.map(({ score, exceeds }) => ({ score, exceeds })),
      ...(concept === undefined ? {} : { concept }),
    })),
    part,
    rows,
  };
  await parts.write(name, 'json', key, whole);
  return whole;
}

/** Everything that a layer's figures depend on: its evidence, the plan, and the program that judges. */
async function judgedKey({ evidence, layer: { slug, name, tap, shape, render }, weightsSha256, analysis, observers, seed }: JudgeRequest) {
  return {
    ...{ slug, name, tap, shape, render, weightsSha256, analysis: analysis.sha256, observers, seed },
    evidence: hashEvidence(evidence),
    program: await programHash(),
  };
}

function hashEvidence({ directions, means, seen, transformed, looks, dissected, images }: LayerEvidence): string {
  const { embeddings, files: _files, skipped: _skipped, ...set } = images;
  const hashArray = ({ buffer, byteOffset, byteLength }: Float32Array) => sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const hashRows = (rows: typeof looks) => [...rows].map(([id, { rows: values, dimension }]) => [id, dimension, hashArray(values)]);
  return sha256(
    canonicalJson({
      directions: directions.map(({ vector: _, frame, ...rest }) => ({ ...rest, frame: frame ?? null })),
      arrays: [means, seen, transformed].map(hashArray),
      looks: hashRows(looks),
      embeddings: hashRows(embeddings),
      dissected: dissected ? { records: directions.map(({ id }) => dissected.records.get(id) ?? []), ...countsOf(dissected.images) } : null,
      set,
    }),
  );
}

function countsOf({ images, concepts, pixels, present, carrying }: NonNullable<LayerEvidence['dissected']>['images']) {
  return { images, concepts, counts: [pixels, present, carrying].map((values) => [...values]) };
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let program: Promise<string> | undefined;

/** Over the sources of the generator, its dependencies and the version of Node: with another program what was kept is no longer believed. */
function programHash(): Promise<string> {
  program ??= (async () => {
    const files = await glob(['generator/**/*.ts', 'data/*.ts', 'package.json'], { cwd: ROOT });
    const sources = await Promise.all(files.sort().map(async (file) => `${file} ${sha256(await readFile(`${ROOT}/${file}`))}`));
    return sha256([process.version, ...sources].join('\n'));
  })();
  return program;
}
