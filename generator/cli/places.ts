/** Where atlases lie and which ledger speaks of them: as the site's build has it, from the same variables. */
import path from 'node:path';
import { ATLASES, PROJECT } from './options.ts';

/** The folder of atlases: ATLAS_DATA, or data/atlases/. */
export function atlasesFolder(): string {
  return path.resolve(process.env.ATLAS_DATA ?? ATLASES);
}

/** The ledger of a folder of atlases: ATLAS_LEDGER, or data/ledger.jsonl for data/atlases/, or ledger.jsonl in any other folder. */
export function ledgerFile(atlases: string): string {
  if (process.env.ATLAS_LEDGER) return path.resolve(process.env.ATLAS_LEDGER);
  return path.resolve(atlases) === ATLASES ? path.join(PROJECT, 'data', 'ledger.jsonl') : path.join(atlases, 'ledger.jsonl');
}

/** The day in UTC: `2026-11-24`. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
