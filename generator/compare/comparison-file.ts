/** comparison.json: put together from what was scored, and written when it says something new. */
import { readFile } from 'node:fs/promises';
import { type Atlas, type AtlasLayer, type Comparison, comparison as comparisonSchema } from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import { labGabor } from '../measure/observer.ts';
import type { ReferenceImages } from '../measure/reference-images.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AnalysisPlan } from './analysis.ts';
import { describeLimits } from './limits.ts';
import type { StoredUnit } from './read-layer.ts';
import { type ArmScore, adjustResults, compareArms } from './results.ts';
import { stored, type UnitScores } from './score-layer.ts';
import { icc } from './statistics/icc.ts';

/** The comparison's file inside a store. */
export const COMPARISON_FILE = 'comparison.json';

/** A layer, scored. */
export interface LayerScores {
  readonly layer: AtlasLayer;
  readonly units: readonly StoredUnit[];
  /** In the order of `units`. */
  readonly scores: readonly UnitScores[];
  readonly images: ReferenceImages;
}

/** What a comparison is made from. */
export interface ComparisonParts {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly atlas: Atlas;
  readonly analysis: AnalysisPlan;
  readonly scored: readonly LayerScores[];
}

const imagesId = (images: ReferenceImages): string => `${images.id}-at-${images.size}`;

/** Joins arms to scores, tests, and puts the file together. Its `run_id` is a hash of all that the figures depend on. */
export function assembleComparison({ model, runtime, atlas, analysis, scored }: ComparisonParts): Comparison {
  const results = adjustResults(
    scored.map(({ layer, units, scores, images }) => compareArms(layer.slug, withArms(units, scores), imagesId(images))),
  );
  const keys = scored.map(({ layer, units }) => [
    layer.slug,
    ...units.map(({ record }) => record.renders.map(({ key, image }) => [key, image])),
  ]);
  const images = [...new Set(scored.map(({ images: set }) => set))].map((set) => ({
    id: imagesId(set),
    kind: 'generated' as const,
    n: set.n,
    sha256: set.sha256(),
  }));
  const inputs = { analysis: analysis.sha256, weights: model.weightsSha256, images, keys };
  const layers: Comparison['layers'] = scored.map(({ layer, scores }, i) => ({
    id: layer.slug,
    tap: layer.tap,
    C: layer.shape[0],
    HW: [layer.shape[1], layer.shape[2]],
    n_constant: scores.filter(({ moments }) => moments.constant).length,
    icc: stored(icc(scores.map(({ attainments }) => attainments).filter((values) => values.length > 1))),
    results: results[i],
  }));
  return {
    schema: 'basis-comparison/1',
    run_id: sha256(canonicalJson(inputs)).slice(0, 16),
    created: new Date().toISOString(),
    plan_sha256: atlas.plan_sha256,
    analysis_sha256: analysis.sha256,
    analysis: analysis.content,
    software: { atlas: manifest.version, node: process.version, runtime: runtime.version, device: runtime.device },
    model: { name: model.id, weights_sha256: model.weightsSha256 },
    observers: [{ id: labGabor.id, about: labGabor.about }],
    images,
    layers,
    directions: scored.flatMap(({ layer, units, scores }) =>
      units.map(({ record: { id, arm } }, i) => {
        const { moments, measures } = scores[i];
        const { mu, sigma, constant } = moments;
        return { id, layer: layer.slug, arm, mu: stored(mu) ?? 0, sigma: stored(sigma) ?? 0, constant, scores: measures };
      }),
    ),
    limits: describeLimits(atlas, layers),
  };
}

function withArms(units: readonly StoredUnit[], scores: readonly UnitScores[]): ArmScore[] {
  return units.map(({ record: { arm, direction, renders } }, i) => ({
    arm,
    ...(direction.kind === 'haar' ? { frame: direction.frame } : {}),
    renders: renders.length,
    scores: scores[i].measures,
  }));
}

/** Writes the file unless the one that is there says the same; returns what is there afterwards. */
export async function writeComparison(folder: string, comparison: Comparison): Promise<Comparison> {
  const earlier = await readComparison(folder);
  if (earlier && canonicalJson({ ...earlier, created: '' }) === canonicalJson({ ...comparison, created: '' })) return earlier;
  const parsed = comparisonSchema.parse(comparison);
  await new DurableFolder(folder).replace(COMPARISON_FILE, `${JSON.stringify(parsed, null, 1)}\n`);
  return parsed;
}

/** The comparison of a store; nothing if there is none, or one of another version or damaged, which is then replaced. */
async function readComparison(folder: string): Promise<Comparison | undefined> {
  const text = await readFile(`${folder}/${COMPARISON_FILE}`, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : comparisonSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
