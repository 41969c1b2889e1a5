/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Draws what the search found: a heading for each record, with its units as tiles. */
import { type FoundRecord, type FoundUnit, wordsOf } from './pagefind.ts';

export interface Shown {
  /** The class of the arm that is asked for; empty for all. */
  css: string;
  /** `atlas/layer` that is asked for; empty for all. */
  layer: string;
  /** Words that a unit found by its number must have in the name of its layer. */
  words: readonly string[];
  /** The layer's name by `atlas/layer`. */
  titles: ReadonlyMap<string, string>;
  base: string;
}

/** Words of a number's record that name no layer. */
const PLAIN = new Set(['unit', 'neuron', 'direction', 'channel', 'random', 'negative']);
/** A record as an element; undefined if none of its units is asked for. */
export function drawRecord({ path, record }: { path: string; record: FoundRecord }, shown: Shown): HTMLElement | undefined {
  const { units } = record;
  const address = shown.base + path;
  const title = (layer: string) => shown.titles.get(`${record.atlas}/${layer}`) ?? layer;
  const wanted = units.filter(
    ([layer, id, css]) =>
      (!shown.css || css === shown.css) &&
      (!shown.layer || `${record.atlas}/${layer}` === shown.layer) &&
      (record.kind !== 'number' || fitsLayer(title(layer), id, shown.words)),
  );
  if (units.length > 0 && wanted.length === 0) return undefined;
  const section = document.createElement('section');
  const heading = section.appendChild(document.createElement('h2'));
  const link = heading.appendChild(document.createElement('a'));
  link.href = address;
  link.textContent = record.title;
  const said = document.createElement('small');
  const where = record.layer && record.kind !== 'layer' ? ` in ${title(record.layer)}` : '';
  const rest = units.length === wanted.length ? record.n : wanted.length;
  said.textContent = `${where} · ${rest.toLocaleString('en')} unit${rest === 1 ? '' : 's'}`;
  heading.append(said);
  if (wanted.length > 0) {
    const list = section.appendChild(document.createElement('ul'));
    list.className = 'grid b';
    list.append(...wanted.map((unit) => drawUnit(unit, title(unit[0]), { record, shown })));
  } else if (record.image) {
    const picture = section.appendChild(document.createElement('a'));
    picture.href = address;
    picture.className = 'mosaic-link';
    picture.append(drawImage(`${shown.base}i/${record.image}`, `Units of ${record.title}`));
  }
  return section;
}

/** Whether all that was typed beside the number and its kind stands in the layer's name. */
function fitsLayer(layer: string, id: string, words: readonly string[]): boolean {
  const [own, number] = [wordsOf(layer), wordsOf(id)];
  return words.every(
    (word) => [...PLAIN].some((plain) => plain.startsWith(word)) || [...own, ...number].some((part) => part.startsWith(word)),
  );
}

function drawUnit(
  [layer, id, css, image]: FoundUnit,
  title: string,
  { record, shown }: { record: FoundRecord; shown: Shown },
): HTMLElement {
  const item = document.createElement('li');
  item.className = css;
  const link = item.appendChild(document.createElement('a'));
  link.href = `${shown.base}${record.atlas}/${layer}/${id}/`;
  link.tabIndex = -1;
  const alt = `${id.replaceAll('-', ' ')} of ${title}`;
  if (image) link.append(drawImage(`${shown.base}i/${image}`, alt));
  else {
    const empty = link.appendChild(document.createElement('span'));
    empty.className = 'void';
    const words = empty.appendChild(document.createElement('span'));
    words.className = 'said';
    words.textContent = alt;
  }
  const label = link.appendChild(document.createElement('i'));
  label.ariaHidden = 'true';
  label.textContent = record.kind === 'number' ? title : (/\d+/.exec(id)?.[0] ?? id);
  return item;
}

function drawImage(address: string, alt: string): HTMLImageElement {
  const image = document.createElement('img');
  image.src = address;
  image.alt = alt;
  image.loading = 'lazy';
  [image.width, image.height] = [96, 96];
  return image;
}
