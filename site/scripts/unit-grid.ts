/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The layer page's island: sorts, filters, mixes and sizes the tiles, and walks them with the arrow keys. The page is whole without it. */
import { fillForm, readView, writeView } from './address-view.ts';
import { beside, byValue, readTile, type Tile } from './grid-tiles.ts';

const bar = document.querySelector<HTMLFormElement>('#bar');
const units = document.querySelector<HTMLElement>('#units');
const sections = [...document.querySelectorAll<HTMLElement>('#units .arm')];
const lists = new Map(sections.map((section) => [section.dataset.arm ?? '', section.querySelector('ul')]));
const tiles = sections.flatMap((section) => {
  const css = section.querySelector('ul')?.classList[1] ?? 'b';
  return [...section.querySelectorAll('li')].map((element) => readTile(element, section.dataset.arm ?? '', css));
});
let visible: Tile[] = tiles;
let roving: Tile | undefined;
/** How the tiles lie at present, as in {@link lay}; at first as the page has them. A filter alone moves none. */
let laid = ' false';

/** The chosen option of a list. */
function chosen(name: string): HTMLOptionElement | undefined {
  const control = bar?.elements.namedItem(name);
  return control instanceof HTMLSelectElement ? control.selectedOptions[0] : undefined;
}

/** Shows what the form asks for. */
function update(): void {
  if (!bar) return;
  const mixed = new FormData(bar).has('mixed');
  const [arm, state, size] = ['arm', 'state', 'size'].map((name) => chosen(name)?.value ?? '');
  const sort = chosen('sort');
  // The list of concepts begins with “any”.
  const concept = (chosen('concept')?.index ?? 0) - 1;
  const fits = (tile: Tile) =>
    (!arm || tile.arm === arm) && (!state || tile.well === (state === 'ok')) && (concept < 0 || tile.concept === concept);
  const place = sort?.dataset.place === undefined ? undefined : Number(sort.dataset.place);
  const order = tiles.toSorted(byValue(place));
  lay(order, mixed);
  const shown = new Set(tiles.filter(fits));
  for (const tile of tiles) if (tile.element.hidden === shown.has(tile)) tile.element.hidden = !shown.has(tile);
  for (const section of sections) section.hidden = !section.querySelector('li:not([hidden])');
  resize(size ?? '');
  const flat = mixed ? order : sections.flatMap(({ dataset }) => order.filter((tile) => tile.arm === dataset.arm));
  visible = flat.filter((tile) => shown.has(tile));
  const output = bar.querySelector('output');
  if (output) output.textContent = `${visible.length.toLocaleString('en')} of ${tiles.length.toLocaleString('en')}`;
  rove(visible[0]);
}

/**
 * Puts the tiles into the lists in their order. Meanwhile the lists are out of the layout, which otherwise each tile leaves and enters by itself:
 * ten times the work. The page keeps its height, and so the place that the reader is at.
 */
function lay(order: readonly Tile[], mixed: boolean): void {
  const wanted = `${chosen('sort')?.value ?? ''} ${mixed}`;
  if (wanted === laid || !units) return;
  laid = wanted;
  units.style.minHeight = `${units.offsetHeight}px`;
  for (const list of lists.values()) list?.style.setProperty('display', 'none');
  void units.offsetHeight;
  const first = sections[0]?.dataset.arm ?? '';
  for (const [arm, own] of Map.groupBy(order, (tile) => (mixed ? first : tile.arm))) {
    lists.get(arm)?.append(...own.map(({ element }) => element));
  }
  for (const list of lists.values()) list?.style.removeProperty('display');
  units.classList.toggle('mixed', mixed);
  units.style.minHeight = '';
}

/** Large tiles show the original, once they come near. */
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      for (const image of target.querySelectorAll<HTMLImageElement>('img[srcset]')) {
        image.src = image.srcset.split(' ')[0] ?? image.src;
        image.removeAttribute('srcset');
      }
    }
  },
  { rootMargin: '100%' },
);

function resize(size: string): void {
  if (!units) return;
  units.classList.toggle('s', size === 's');
  if (units.classList.contains('l') === (size === 'l')) return;
  units.classList.toggle('l', size === 'l');
  nearby.disconnect();
  if (size === 'l') for (const { element } of tiles) nearby.observe(element);
}

/** Leaves one tile in the tab order; the arrow keys reach the others. */
function rove(to: Tile | undefined): void {
  if (roving) roving.link.tabIndex = -1;
  roving = to;
  if (to) to.link.tabIndex = 0;
}

units?.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (!['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) return;
  const at = visible.findIndex((tile) => tile.link === document.activeElement);
  const to = at < 0 ? undefined : beside(visible, at, event.key);
  if (!to) return;
  event.preventDefault();
  rove(to);
  to.link.focus();
});

if (bar) {
  const follow = () => {
    fillForm(bar, readView());
    update();
  };
  bar.hidden = false;
  bar.addEventListener('input', () => {
    update();
    writeView(Object.fromEntries([...new FormData(bar)].map(([name, value]) => [name, String(value)])));
  });
  bar.addEventListener('submit', (event) => event.preventDefault());
  addEventListener('hashchange', follow);
  for (const tile of tiles) tile.link.tabIndex = -1;
  follow();
}
