/** Checking all of an atlas: the store, and what other commands put into it. */
import { readFile } from 'node:fs/promises';
import { isSealed } from '../../data/schema.ts';
import { type Verification, verifyStore } from '../batch/verify.ts';
import { checkEvidenceIndex } from '../compare/evidence/check-evidence.ts';
import { checkStudy } from '../compare/study/check-study.ts';
import { checkPortraits } from '../portray/check-portraits.ts';
import { KEY_FILE } from '../portray/known-portraits.ts';
import { checkEditions } from '../publish/check-editions.ts';

/** The store with its evidence, its study, its portraits and its published editions, of which the ledger speaks: these only where one is named. Throws only if the folder holds none. */
export async function checkAtlas(folder: string, ledger: string | null): Promise<Verification> {
  const { findings, unsealed, ...rest } = await verifyStore(folder);
  // A file that two of them look at is told once.
  const told = new Set(findings.map(({ file }) => file));
  const evidence = (await checkEvidenceIndex(folder)).filter(({ file }) => !told.has(file));
  const editions = ledger === null ? [] : await checkEditions(folder, ledger);
  const others = [...(await checkStudy(folder)), ...(await checkPortraits(folder)), ...editions];
  const key = await readFile(`${folder}/${KEY_FILE}`, 'utf8').catch(() => undefined);
  const keys = key !== undefined && !isSealed(key) ? [KEY_FILE] : [];
  return { ...rest, unsealed: [...unsealed, ...keys], findings: [...findings, ...evidence, ...others] };
}
