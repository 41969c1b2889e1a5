/** A page of the built site in Chromium, with a record of all that went wrong on it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Visit {
  page: Page;
  /** Console errors, exceptions, failed and outside requests; a sound page has none. */
  troubles: string[];
  close: () => Promise<void>;
}

/** Opens a fresh page that notes its troubles. */
export async function visit(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => message.type() === 'error' && troubles.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A page left while its pictures load cancels them; that is no fault of the site.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') troubles.push(`failed: ${request.url()}`);
  });
  page.on('response', (response) => response.status() >= 400 && troubles.push(`${response.status()}: ${response.url()}`));
  page.on('request', (request) => !request.url().startsWith(origin) && troubles.push(`outside: ${request.url()}`));
  return { page, troubles, close: () => context.close() };
}
