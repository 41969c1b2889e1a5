/** The costs of a plan's layers, measured on a machine and written to a file. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { shard } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import type { Costs } from './share.ts';

const costs = z.object({ costs: shard.shape.costs });

/** Reads what `atlas bench --plan PLAN --json` printed. Throws with exit code 2 for anything else. */
export async function readCosts(file: string): Promise<{ costs: Costs; file: string }> {
  try {
    return { file, ...costs.parse(JSON.parse(await readFile(file, 'utf8'))) };
  } catch (error) {
    throw fault({
      where: file,
      expected: 'what "atlas bench --plan PLAN --json" prints',
      name: '--costs',
      received: error instanceof z.ZodError ? error.issues[0]?.message : reason(error),
      remedy: 'Measure once, and give every shard the same file; without it the layers are weighed by their graphs.',
      exitCode: 2,
      cause: error,
    });
  }
}
