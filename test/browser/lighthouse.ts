/**
 * Lighthouse, from a folder of its own under node_modules/.cache/: with all it needs it is larger than everything else here, and one test uses it.
 * It is run as a program, so that it starts a fresh browser for each page.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { z } from 'zod';
import { missing } from '../requires.ts';

const VERSION = '13.5.0';
const FOLDER = fileURLToPath(new URL(`../../node_modules/.cache/lighthouse-${VERSION}`, import.meta.url));
const PROGRAM = join(FOLDER, 'node_modules', 'lighthouse', 'cli', 'index.js');
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|E404|ENOTCACHED/;
/** Categories, in the order of {@link scoresOf}. */
export const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;
const run = promisify(execFile);

const report = z.object({
  runtimeError: z.object({ code: z.string(), message: z.string() }).optional(),
  categories: z.record(z.enum(CATEGORIES), z.object({ score: z.number().nullable() })),
  audits: z.record(z.string(), z.object({ score: z.number().nullable(), title: z.string(), displayValue: z.string().optional() })),
});

/** A page's scores, 0 to 1, and what it lost points for. */
export interface Scores {
  readonly scores: Readonly<Record<(typeof CATEGORIES)[number], number>>;
  readonly lost: readonly string[];
}

/** Installs Lighthouse where it is not there yet; skips or fails the test that `context` belongs to where the registry cannot be reached. */
export async function needLighthouse(context: TestContext): Promise<void> {
  if (existsSync(PROGRAM)) return;
  await mkdir(FOLDER, { recursive: true });
  const given = ['install', '--prefix', FOLDER, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `lighthouse@${VERSION}`];
  await run('npm', given, { cwd: FOLDER }).catch((error: Error) => {
    if (UNREACHABLE.test(error.message)) missing(context, `Lighthouse ${VERSION} is not installed and the npm registry cannot be reached`);
    throw error;
  });
}

/** What Lighthouse says of a page, with a phone's screen, processor and network, as it has by itself. */
export async function scoresOf(address: string, chromium: string): Promise<Scores> {
  const flags = '--headless=new --no-sandbox --disable-gpu';
  const given = [PROGRAM, address, '--quiet', '--output=json', `--chrome-flags=${flags}`, `--only-categories=${CATEGORIES.join()}`];
  const env = { ...process.env, CHROME_PATH: chromium };
  const { stdout } = await run(process.execPath, given, { env, maxBuffer: 2 ** 27 });
  const { categories, audits, runtimeError } = report.parse(JSON.parse(stdout));
  if (runtimeError) throw new Error(`Lighthouse could not judge ${address}: ${runtimeError.message}`);
  const scores = CATEGORIES.map((category) => [category, categories[category].score ?? 0]);
  const lost = Object.entries(audits).flatMap(([id, { score, displayValue = '' }]) =>
    score !== null && score < 0.9 ? [`${id} ${score} ${displayValue}`.trim()] : [],
  );
  return { scores: Object.fromEntries(scores), lost };
}
