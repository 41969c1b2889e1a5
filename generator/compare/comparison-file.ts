/** comparison.json: put together from what was judged, and written when it says something new. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  type Atlas,
  type ComparedDirection,
  type Comparison,
  comparison as comparisonSchema,
  parseSealed,
  seal,
} from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import { placeOf } from '../batch/haar.ts';
import { fault, reason } from '../graph/errors.ts';
import type { AnalysisPlan } from './analysis.ts';
import { ALPHAS, rotatedArm } from './directions/rotated.ts';
import { FILE_ARM } from './evidence/draw-directions.ts';
import { partNames } from './evidence/keep-activations.ts';
import type { Parts } from './evidence/parts.ts';
import { describeLimits } from './limits.ts';
import { imagesId, type JudgedLayer } from './score/judged.ts';
import { adjustRows } from './score/rows.ts';
import { stored } from './score/score-layer.ts';

/** The comparison's file inside a store. */
export const COMPARISON_FILE = 'comparison.json';

/** What a comparison is made from. */
export interface ComparisonParts {
  readonly atlas: Atlas;
  readonly analysis: AnalysisPlan;
  readonly observers: Comparison['observers'];
  readonly judged: readonly JudgedLayer[];
  readonly parts: Pick<Parts, 'files' | 'pathOf'>;
  /** For the record. */
  readonly runtime: string;
  readonly device: string;
}

/** Tests, and puts the file together. Its `run_id` is a hash of all that the figures depend on. */
export function assembleComparison({ atlas, analysis, observers, judged, parts, runtime, device }: ComparisonParts): Comparison {
  const results = adjustRows(judged.map(({ rows }) => rows));
  const layers = judged.map(({ part }, i) => ({ ...part, results: results[i] }));
  const files = parts.files();
  const sets = [...new Set(judged.map(({ evidence }) => evidence.images))];
  return {
    schema: 'basis-comparison/1',
    run_id: sha256(canonicalJson({ analysis: analysis.sha256, files })).slice(0, 16),
    created: new Date().toISOString(),
    plan_sha256: atlas.plan_sha256,
    analysis_sha256: analysis.sha256,
    analysis: analysis.content,
    software: { atlas: manifest.version, node: process.version, runtime, device },
    model: {
      name: atlas.model.id,
      weights_sha256: atlas.model.weights_sha256,
      input: [atlas.model.preprocess.scale.length, atlas.layers[0].render.size, atlas.layers[0].render.size],
      preprocess: atlas.model.preprocess,
    },
    observers,
    images: sets.map((set) => ({
      id: imagesId({ images: set }),
      kind: set.kind,
      n: set.n,
      size: set.size,
      sha256: set.sha256,
      ...(set.files ? { files: [...set.files] } : {}),
      ...(set.skipped.length > 0 ? { skipped: [...set.skipped] } : {}),
      ...conceptsOf(set, judged),
    })),
    layers,
    directions: judged.flatMap((layer) => describeDirections(layer, parts)),
    files,
    limits: describeLimits(atlas, layers, sets),
  };
}

/** How many concepts the set's pixels are labelled with, where they are. */
function conceptsOf(set: JudgedLayer['evidence']['images'], judged: readonly JudgedLayer[]): { concepts?: number } {
  const images = judged.find(({ evidence }) => evidence.images === set && evidence.dissected)?.evidence.dissected?.images;
  return images ? { concepts: images.concepts.length } : {};
}

/** Of directions that were rendered the file says everything; of the others where they lie and what they score. */
function describeDirections({ evidence, scores, part }: JudgedLayer, parts: Pick<Parts, 'pathOf'>): ComparedDirection[] {
  const names = partNames(evidence.layer);
  return evidence.directions.map(({ id, arm, index, frame, vector, sha256: hash, renders }, d): ComparedDirection => {
    const { moments, measures, top, middle, concept, renders: scored } = scores[d];
    const alpha = ALPHAS.find((one) => rotatedArm(one) === arm);
    const isChannel = arm === 'basis' || arm === 'basis-negative';
    const isShown = renders.length > 0 || arm === FILE_ARM;
    const records = evidence.dissected?.records
      .get(id)
      ?.filter((record) => record.concept === concept && !record.fold.startsWith('permuted'));
    return {
      id,
      layer: evidence.layer,
      arm,
      ...placeIn(arm, index, part.C, frame),
      ...(alpha === undefined ? {} : { alpha }),
      ...(isChannel ? { channel: index, sign: arm === 'basis' ? (1 as const) : (-1 as const) } : {}),
      vector: {
        ...(arm === FILE_ARM
          ? { file: parts.pathOf(names.fileVectors), offset: index * vector.byteLength }
          : { file: parts.pathOf(names.vectors), offset: d * vector.byteLength }),
        ...(isShown ? { sha256: hash } : {}),
      },
      mu: stored(moments.mu) ?? 0,
      sigma: stored(moments.sigma) ?? 0,
      constant: moments.constant,
      ...(renders.length > 0
        ? { renders: renders.map(({ seed, image }, i) => ({ seed, image, score: scored[i].score, exceeds: scored[i].exceeds })) }
        : {}),
      ...(isShown ? { top: [...top], middle: [...middle], ...(records ? { dissection: records } : {}) } : {}),
      ...(concept === undefined ? {} : { concept }),
      scores: isShown ? measures : Object.fromEntries(Object.entries(measures).filter(([, value]) => value !== null)),
    };
  });
}

/** Frame and row, where it is of one. A matched direction is some row of its frame, and its number is that of its channel. */
function placeIn(arm: string, index: number, channels: number, frame: number | undefined): Pick<ComparedDirection, 'frame' | 'row'> {
  if (arm === 'random') return placeOf(index, channels);
  if (frame === undefined) return {};
  return arm === 'matched' ? { frame } : { frame, row: index };
}

/** Writes the file unless the one that is there says the same; returns what is there afterwards. */
export async function writeComparison(folder: string, comparison: Comparison): Promise<Comparison> {
  const earlier = await readComparison(folder).catch(() => undefined);
  // What was added to it later stays as long as the figures do: controls and people's judgements are made by other commands.
  const added = earlier?.run_id === comparison.run_id ? { controls: earlier.controls, human: earlier.human } : {};
  const whole = comparisonSchema.parse(JSON.parse(JSON.stringify({ ...added, ...comparison })));
  if (earlier && withoutDate(earlier) === withoutDate(whole)) return earlier;
  await replaceComparison(folder, whole);
  return whole;
}

/** Names what people said beside the figures. Throws if there is no comparison. */
export async function attachHuman(folder: string, human: NonNullable<Comparison['human']>): Promise<void> {
  await replaceComparison(folder, { ...(await readComparison(folder)), human });
}

/** A line for each direction and each layer, so that versions can be compared by eye and by line. */
async function replaceComparison(folder: string, { layers, directions, ...rest }: Comparison): Promise<void> {
  const lines = (values: readonly unknown[]) => `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]`;
  const head = JSON.stringify(rest, null, 1).replace(/\n\}$/, '');
  const text = `${head},\n "layers": ${lines(layers)},\n "directions": ${lines(directions)}\n}\n`;
  await new DurableFolder(folder).replace(COMPARISON_FILE, seal(text));
}

/** The JSON schema of a comparison, for whoever reads one: the text of data/comparison.schema.json before formatting. Unknown fields are allowed. */
export function comparisonJsonSchema(): Record<string, unknown> {
  return { title: 'A comparison of Basis Atlas', ...z.toJSONSchema(comparisonSchema, { io: 'input' }) };
}

function withoutDate(comparison: Comparison): string {
  return canonicalJson({ ...comparison, created: '' });
}

/** The comparison of a store. Throws if there is none, or one of another major version or damaged. */
export async function readComparison(folder: string): Promise<Comparison> {
  const where = `${folder}/${COMPARISON_FILE}`;
  const wrong = (expected: string, received: unknown, cause?: unknown) =>
    fault({
      where,
      expected,
      name: 'the comparison',
      received,
      remedy: 'Run "atlas compare": it makes the comparison anew.',
      ...(cause === undefined ? {} : { cause }),
    });
  const text = await readFile(where, 'utf8').catch((cause: unknown) => {
    throw wrong('a file that can be read', reason(cause), cause);
  });
  let value: unknown;
  try {
    value = parseSealed(text, comparisonSchema);
  } catch (cause) {
    throw wrong(cause instanceof SyntaxError ? 'JSON' : 'what was written', reason(cause), cause);
  }
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (schema !== 'basis-comparison/1') throw wrong('schema "basis-comparison/1"', schema);
  const parsed = comparisonSchema.safeParse(value);
  if (!parsed.success) throw wrong('a file of its schema', `${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}`);
  return parsed.data;
}
