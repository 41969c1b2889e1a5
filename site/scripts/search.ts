/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The search page's island: asks Pagefind while one types, shows units as tiles, walks them with the arrow keys. */
import { fillForm, readView, writeView } from './address-view.ts';
import { beside } from './grid-tiles.ts';
import { ask, loadPagefind, type Pagefind, readRecord, wordsOf } from './pagefind.ts';
import { drawRecord, type Shown } from './search-results.ts';

/** Records that are drawn at a time. */
const PAGE = 24;
const TYPING = 120;

const form = document.querySelector<HTMLFormElement>('#search');
const results = document.querySelector<HTMLElement>('#results');
const index = document.querySelector<HTMLElement>('#index');
const found = document.querySelector<HTMLElement>('#found');
const input = form?.querySelector<HTMLInputElement>('[name=q]');
const base = form?.dataset.base ?? '/';
const titles = new Map([...(form?.querySelectorAll<HTMLOptionElement>('[name=layer] option') ?? [])].map((one) => [one.value, one.text]));
let loading: Promise<Pagefind> | undefined;
/** Counts searches, so that a slow one does not overwrite its successor. */
let turn = 0;

const asked = () => Object.fromEntries(form ? [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]) : []);
const say = (text: string) => {
  if (found) found.textContent = text;
};

async function search(): Promise<void> {
  const mine = ++turn;
  const { q = '', ...chosen } = asked();
  const filters = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ''));
  const empty = q === '' && Object.keys(filters).length === 0;
  if (index) index.hidden = !empty;
  if (results) results.hidden = empty;
  if (empty) return say('');
  try {
    loading ??= loadPagefind();
    const pagefind = await loading;
    const all = await ask(pagefind, q, filters);
    if (mine !== turn) return;
    results?.replaceChildren();
    const arm = form?.querySelector<HTMLSelectElement>('[name=arm]')?.selectedOptions[0]?.dataset.css ?? '';
    await show(all, 0, { css: arm, layer: chosen.layer ?? '', words: wordsOf(q), titles, base }, mine);
  } catch {
    loading = undefined;
    if (index) index.hidden = false;
    say('The search could not be loaded: it takes a built site on a web server, and WebAssembly. The index below is complete without it.');
  }
}

/** Draws the next records of a search, and a button for those after them. */
async function show(all: readonly { data(): Promise<{ raw_url: string }> }[], from: number, shown: Shown, mine: number): Promise<void> {
  const data = await Promise.all(all.slice(from, from + PAGE).map((one) => one.data()));
  if (mine !== turn || !results) return;
  if (index) index.hidden = all.length > 0;
  const fresh = data.flatMap((one) => drawRecord(readRecord(one), shown) ?? []);
  results.append(...fresh);
  const until = Math.min(all.length, from + PAGE);
  const tiles = results.querySelectorAll('.grid a').length;
  say(
    all.length === 0
      ? 'Nothing is called that. What there is stands below.'
      : `${all.length.toLocaleString('en')} match${all.length === 1 ? '' : 'es'}${until < all.length ? `, the first ${until} shown` : ''}: ${tiles.toLocaleString('en')} unit${tiles === 1 ? '' : 's'}.`,
  );
  if (until < all.length) {
    const more = results.appendChild(document.createElement('button'));
    more.type = 'button';
    more.textContent = 'More';
    more.addEventListener('click', async () => {
      more.remove();
      await show(all, until, shown, mine);
      fresh.at(-1)?.nextElementSibling?.querySelector('a')?.focus();
    });
  }
  if (from === 0) rove(results.querySelector<HTMLAnchorElement>('.grid a'));
}

/** Leaves one tile in the tab order. */
function rove(to: HTMLAnchorElement | null): void {
  for (const link of results?.querySelectorAll<HTMLAnchorElement>('.grid a[tabindex="0"]') ?? []) link.tabIndex = -1;
  if (to) to.tabIndex = 0;
}

results?.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLAnchorElement)) return;
  const tiles = [...results.querySelectorAll('li')].flatMap((element) => {
    const link = element.querySelector('a');
    return link ? [{ element, link }] : [];
  });
  const at = tiles.findIndex(({ link }) => link === event.target);
  const to = at >= 0 && /^Arrow|^Home$|^End$/.test(event.key) ? beside(tiles, at, event.key) : undefined;
  const back = event.key === 'Escape' || (event.key === 'ArrowUp' && at >= 0 && !to);
  if (!to && !back) return;
  event.preventDefault();
  if (to) rove(to.link);
  (to?.link ?? input)?.focus();
});

document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLElement && event.target.closest('input, select, textarea');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input?.focus();
  }
  if (event.target === input && event.key === 'ArrowDown') {
    event.preventDefault();
    results?.querySelector<HTMLElement>('a[tabindex="0"]')?.focus();
  }
});

if (form) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    const view = readView();
    // `/search/?q=grating` is an address that others may link to.
    if (!view.has('q')) view.set('q', new URLSearchParams(location.search).get('q') ?? '');
    fillForm(form, view);
    search();
  };
  form.hidden = false;
  form.addEventListener('input', (event) => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        writeView(asked());
        search();
      },
      event.target === input ? TYPING : 0,
    );
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  input?.addEventListener('focus', () => {
    loading ??= loadPagefind();
    // What went wrong is said when something is searched for.
    loading.catch(() => undefined);
  });
  addEventListener('hashchange', follow);
  follow();
}
