/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The layer page's island: sorts, filters and mixes the tiles, and walks them with the arrow keys. The page is whole without it. */

interface Tile {
  element: HTMLElement;
  link: HTMLAnchorElement;
  arm: string;
  order: number;
  /** As the page’s options number them; NaN where undefined. */
  values: number[];
  well: boolean;
}

const bar = document.querySelector<HTMLFormElement>('#bar');
const sections = [...document.querySelectorAll<HTMLElement>('#units .arm')];
const lists = new Map(sections.map((section) => [section.dataset.arm ?? '', section.querySelector('ul')]));
const tiles = sections.flatMap((section) =>
  [...section.querySelectorAll('li')].map((element) => toTile(element, section.dataset.arm ?? '')),
);
let visible = tiles;

function toTile(element: HTMLElement, arm: string): Tile {
  const values = (element.dataset.v ?? '').split(',').map((text) => (text === '' ? Number.NaN : Number(text)));
  element.classList.add(element.closest('ul')?.classList[1] ?? 'b');
  const link = element.querySelector('a');
  if (!link) throw new Error('A tile has no link.');
  return {
    element,
    link,
    arm,
    order: Number(element.querySelector('i')?.firstChild?.textContent ?? 0),
    values,
    well: !element.classList.contains('x'),
  };
}

/** Shows what the form asks for: sorted high to low, what has no value last. */
function update(): void {
  if (!bar) return;
  const form = new FormData(bar);
  const [sort, arm, state, mixed] = [form.get('sort'), form.get('arm'), form.get('state'), form.has('mixed')];
  const key = (tile: Tile) => (sort === 'index' ? -tile.order : (tile.values[Number(sort)] ?? Number.NaN));
  const rank = (tile: Tile) => (Number.isNaN(key(tile)) ? Number.NEGATIVE_INFINITY : key(tile));
  visible = tiles.filter((tile) => (!arm || tile.arm === arm) && (!state || tile.well === (state === 'ok')));
  visible.sort((a, b) => (rank(a) === rank(b) ? a.order - b.order : rank(b) - rank(a)));
  const shown = new Set(visible);
  for (const tile of tiles) tile.element.hidden = !shown.has(tile);
  const first = sections[0]?.dataset.arm ?? '';
  for (const tile of visible) lists.get(mixed ? first : tile.arm)?.append(tile.element);
  for (const section of sections) section.hidden = !section.querySelector('li:not([hidden])');
  document.querySelector('#units')?.classList.toggle('mixed', mixed);
  if (!mixed) visible = sections.flatMap((section) => visible.filter((tile) => tile.arm === section.dataset.arm));
  const output = bar.querySelector('output');
  if (output) output.textContent = `${visible.length} of ${tiles.length}`;
  rove(visible[0]);
}

/** Leaves one tile in the tab order; the arrow keys reach the others. */
function rove(to: Tile | undefined): void {
  for (const tile of tiles) tile.link.tabIndex = tile === to ? 0 : -1;
}

/** The tile that a key leads to: beside, or nearest in the row above or below. */
function target(from: Tile, key: string): Tile | undefined {
  const at = visible.indexOf(from);
  if (key === 'ArrowRight') return visible[at + 1];
  if (key === 'ArrowLeft') return visible[at - 1];
  if (key === 'Home') return visible[0];
  if (key === 'End') return visible.at(-1);
  const box = from.link.getBoundingClientRect();
  const way = key === 'ArrowDown' ? 1 : -1;
  const rows = visible
    .map((tile) => ({ tile, spot: tile.link.getBoundingClientRect() }))
    .filter(({ spot }) => way * (spot.top - box.top) > 4);
  const cost = ({ spot }: { spot: DOMRect }) => Math.abs(spot.top - box.top) * 1000 + Math.abs(spot.left - box.left);
  return rows.reduce<(typeof rows)[number] | undefined>((best, row) => (best && cost(best) <= cost(row) ? best : row), undefined)?.tile;
}

document.querySelector('#units')?.addEventListener('keydown', (event) => {
  if (!(event instanceof KeyboardEvent) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) return;
  const from = visible.find((tile) => tile.link === document.activeElement);
  const to = from && target(from, event.key);
  if (!to) return;
  event.preventDefault();
  rove(to);
  to.link.focus();
});

if (bar) {
  bar.hidden = false;
  bar.addEventListener('input', update);
  bar.addEventListener('submit', (event) => event.preventDefault());
  update();
}
