/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What is in view on the map as links, for whoever does not point at a canvas; and the unit in the middle by name. */
import type { Spot } from './map-scene.ts';

/** Units listed at most. */
const LISTED = 36;

/** `channel 42 of expanded_conv_6/expand` */
const nameOf = ({ id, layer }: Spot) => `${id.replaceAll('-', ' ')} of ${layer.title}`;

/** Lists the units in view, the nearest to the middle first. */
export function listUnits(inView: readonly Spot[], { shown, all }: { shown: number; all: number }): void {
  const images = document.querySelector<HTMLElement>('#map')?.dataset.images ?? '';
  const list = document.querySelector('#in-view ul');
  const title = document.querySelector('#in-view-title small');
  const middle = document.querySelector('#map-middle');
  const output = document.querySelector('#map-bar output');
  const first = inView[0];
  const said = first ? nameOf(first) : 'none';
  if (middle && middle.textContent !== said) middle.textContent = said;
  const of = shown === all ? '' : ` of ${shown.toLocaleString('en')}`;
  if (output) output.textContent = `${inView.length.toLocaleString('en')}${of} in view, ${all.toLocaleString('en')} in all`;
  if (title) title.textContent = inView.length > LISTED ? `the ${LISTED} nearest to the middle` : '';
  // Whoever is in the list is not moved out of it.
  if (!list || list.contains(document.activeElement)) return;
  list.replaceChildren(
    ...inView.slice(0, LISTED).map((spot) => {
      const item = document.createElement('li');
      item.className = spot.arm;
      const link = item.appendChild(document.createElement('a'));
      link.href = `../${spot.layer.slug}/${spot.id}/`;
      const image = link.appendChild(document.createElement(spot.image ? 'img' : 'span'));
      if (image instanceof HTMLImageElement) {
        [image.src, image.alt, image.loading, image.width, image.height] = [images + spot.image, nameOf(spot), 'lazy', 96, 96];
      } else [image.className, image.textContent] = ['void', nameOf(spot)];
      const label = link.appendChild(document.createElement('i'));
      label.ariaHidden = 'true';
      label.textContent = spot.id.replaceAll('-', ' ');
      return item;
    }),
  );
}
