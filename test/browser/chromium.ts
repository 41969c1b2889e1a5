/** The browser of the browser tests: Debian's Chromium. Where there is none they skip with one line, or fail if ATLAS_TEST_REQUIRE_ALL=1. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import type { TestContext } from 'vitest';
import { missing } from '../requires.ts';

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
let launched: Promise<Browser> | undefined;

/** Where the browser is; skips or fails the test that `context` belongs to where there is none. */
export function findChromium(context: TestContext): string {
  const place = PLACES.find((place) => place !== undefined && existsSync(place));
  return place ?? missing(context, 'no Chromium found (Debian: apt install chromium; elsewhere set CHROMIUM_PATH)');
}

/** The browser, started on the first use; skips or fails the test that `context` belongs to where there is none. */
export async function openChromium(context: TestContext): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: findChromium(context), args: FLAGS });
  return launched;
}

/** Ends the browser, if one was started. */
export async function closeChromium(): Promise<void> {
  await (await launched)?.close();
}
