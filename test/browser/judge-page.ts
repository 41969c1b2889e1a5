/** What a page has to hold to, whatever is on it: no trouble, no sideways scrolling, alternative texts, nothing for axe. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Fails the test that the open page does not hold to it, at any width and in both colour schemes. */
export async function judgePage(page: Page): Promise<void> {
  // What is folded away counts too.
  for (const details of await page.locator('details').all()) await details.evaluate((element) => element.setAttribute('open', ''));
  for (const width of [320, 390, 1280, 3840]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `at ${width} px`).toBeLessThanOrEqual(width);
  }
  const pictures = await page.locator('img').evaluateAll((all) => all.map((one) => one.getAttribute('alt')));
  expect(pictures.filter((text) => !text)).toEqual([]);
  await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findings(page), colorScheme).toEqual([]);
  }
}

/** What axe says against the page as it is, as `rule: element`. */
async function findings(page: Page): Promise<string[]> {
  const results = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  expect(results.passes.length).toBeGreaterThan(10);
  return results.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)}`));
}
