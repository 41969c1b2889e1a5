/** What the tests of the study's page share: a store with a study, its site, built and served, and a page at the first question. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import type { KeyTrial } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { makeFixture, type StudyFixture } from '../compare/study/make-fixture.ts';
import { makeStore } from '../site/make-store.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';
import { type Visit, visit } from './visit.ts';

export interface StudySite {
  made: StudyFixture;
  built: BuiltSite;
  origin: string;
  /** The page's address; `#session=3` picks a session. */
  address: (session?: string) => string;
  open: (context: TestContext, options?: BrowserContextOptions) => Promise<Visit>;
  /** Opens the page and begins. */
  begin: (page: Page, session: string) => Promise<void>;
  /** The trials of a session, in the order shown, as the key has them. */
  trialsOf: (session: number) => KeyTrial[];
  close: () => Promise<void>;
}

/** Builds fixture-net, which has a study, fixture-plain, which has none, and fixture-done, with a study whose key is released. */
export async function makeStudySite(): Promise<StudySite> {
  const data = await mkdtemp(join(tmpdir(), 'basis-atlas-data-'));
  const made = await makeFixture(data);
  await makeStore(data, { slug: 'fixture-plain', channels: [2], random: 1, subset: 0, size: 32 });
  const done = join(data, await makeStore(data, { slug: 'fixture-done', channels: [2], random: 1, subset: 0, size: 32 }));
  await cp(join(made.folder, 'study'), join(done, 'study'), { recursive: true });
  const key = JSON.stringify({ ...made.key, atlas: 'fixture-done' });
  await writeFile(join(done, 'study.json'), JSON.stringify({ ...made.study, atlas: 'fixture-done', key_sha256: sha256(key) }));
  await writeFile(join(done, 'released-key.json'), key);
  const built = await buildSite(data, { base: '/some/base/' });
  const server = await serveFolder(built.dist, built.base);
  const address = (session = '') => `${server.origin}${built.base}fixture-net/study/${session}`;
  const trials = new Map(made.key.trials.map((trial) => [trial.id, trial]));
  return {
    made,
    built,
    origin: server.origin,
    address,
    open: async (context, options = {}) => visit(await openChromium(context), server.origin, options),
    begin: async (page, session) => {
      await page.goto(address(session));
      await page.getByLabel('I am 18 or older').check();
      await page.getByRole('button', { name: 'Begin' }).click();
      await page.getByRole('heading', { name: 'Question 1 of 45' }).waitFor();
    },
    trialsOf: (session) => made.study.sessions[session - 1].flatMap((id) => trials.get(id) ?? []),
    close: async () => {
      await closeChromium();
      await server.close();
      for (const folder of [data, built.dist]) await rm(folder, { recursive: true });
    },
  };
}

/** Presses one key after another. */
export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}
