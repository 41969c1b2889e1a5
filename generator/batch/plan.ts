/** Plans: read, checked, hashed. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Plan, plan as planSchema } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { DEFAULT_FRAMES } from './frames.ts';
import { schemaFault } from './schema-fault.ts';

const EXAMPLE = 'Every field is described in data/plans/plan.schema.json, and data/plans/quick.json is an example.';

/** A plan and the hash that stands for it. */
export interface CheckedPlan {
  /** The file it was read from, for messages. */
  readonly file: string;
  /** Every default filled in. */
  readonly plan: Plan;
  /** SHA-256 over the canonical JSON of the plan, without `$schema`. */
  readonly sha256: string;
}

/** Reads a plan file. Throws with exit code 2 if it is missing, no JSON, or against the schema (the first mistake is named). */
export async function readPlan(file: string): Promise<CheckedPlan> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fault({
      where: file,
      expected: 'a readable file',
      name: 'the plan',
      received: reason(error),
      remedy: 'Give the path of a plan; "atlas init MODEL" writes one.',
      exitCode: 2,
      cause: error,
    });
  });
  return checkPlan(parseJson(text, file), file);
}

/** Checks a plan that is already in memory; `file` is for messages. */
export function checkPlan(value: unknown, file: string): CheckedPlan {
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) throw schemaFault({ where: file, schema: planSchema, value, error: parsed.error, remedy: EXAMPLE });
  // Filled in here, since the schema also reads plans of atlases from before there were frames.
  const plan = { ...parsed.data, frames: parsed.data.frames ?? DEFAULT_FRAMES };
  return { file, plan, sha256: planHash(plan) };
}

/** The hash that atlas.json and comparison.json carry as `plan_sha256`. */
export function planHash({ $schema: _, ...plan }: Plan): string {
  return sha256(canonicalJson(plan));
}

/** The JSON schema of a plan file, for editors: the text of data/plans/plan.schema.json before formatting. */
export function planJsonSchema(): Record<string, unknown> {
  return { title: 'A plan of Basis Atlas', ...z.toJSONSchema(planSchema, { io: 'input' }) };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault({
      where: file,
      expected: 'JSON',
      name: 'the plan',
      received: reason(error),
      remedy: EXAMPLE,
      exitCode: 2,
      cause: error,
    });
  }
}
