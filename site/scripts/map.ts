/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The map page's island: a canvas to move about in, its view in the address, and what is in view as links. The page is whole without it. */
import { fillForm, readView, writeView } from './address-view.ts';
import { keyed, listen, type Moves } from './map-gestures.ts';
import { listUnits } from './map-list.ts';
import { startOf, within } from './map-plane.ts';
import { Scene, type Spot } from './map-scene.ts';

/** As site/view/map.ts writes it. */
interface Data {
  columns: number;
  rows: number;
  layers: { slug: string; title: string }[];
  units: [column: number, row: number, layer: number, arm: string, id: string, image: string][];
}

/** Milliseconds of rest before the list and the address follow the view. */
const REST = 160;

function start(canvas: HTMLCanvasElement, form: HTMLFormElement, data: Data): void {
  let resting: ReturnType<typeof setTimeout> | undefined;
  const { columns, rows } = data;
  const scene = new Scene(canvas, { spots: spotsOf(data), columns, rows }, (inView) => {
    clearTimeout(resting);
    resting = setTimeout(() => {
      listUnits(inView, { shown: scene.shown.length, all: scene.all.length });
      remember(scene, form);
    }, REST);
  });
  const moves: Moves = {
    view: () => scene.view,
    plane: () => scene.plane(),
    go: (view) => scene.go(view),
    open: (place, apart = false) => {
      const spot = scene.at(place);
      if (spot) window.open(`../${spot.layer.slug}/${spot.id}/`, apart ? '_blank' : '_self');
    },
  };
  const follow = () => {
    const said = readView();
    fillForm(form, said);
    const at = (name: string, otherwise: number) => (said.has(name) ? Number(said.get(name)) : otherwise);
    const start = startOf(scene.plane());
    scene.view = within({ x: at('x', start.x), y: at('y', start.y), zoom: at('z', start.zoom) }, scene.plane());
    filter(scene, form);
  };

  for (const id of ['map-keys', 'in-view']) document.getElementById(id)?.removeAttribute('hidden');
  document.querySelector('#plane img')?.remove();
  [canvas.hidden, form.hidden] = [false, false];
  listen(canvas, moves);
  form.addEventListener('input', () => filter(scene, form));
  form.addEventListener('submit', (event) => event.preventDefault());
  for (const [name, key] of Object.entries({ in: '+', out: '-', whole: '0' }))
    form.querySelector(`[name="${name}"]`)?.addEventListener('click', () => scene.go(keyed(key, moves) ?? scene.view));
  canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y }) => canvas.classList.toggle('over', scene.at({ x, y }) !== undefined));
  for (const event of ['focus', 'blur']) canvas.addEventListener(event, () => scene.again());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => scene.again());
  new ResizeObserver(() => scene.again()).observe(canvas);
  addEventListener('hashchange', follow);
  follow();
}

function spotsOf({ layers, units }: Data): Spot[] {
  return units.map(([column, row, layer, arm, id, image], order) => {
    const own = layers[layer] ?? { slug: '', title: '' };
    return { column, row, layer: own, arm, id, image, order };
  });
}

const chosen = (form: HTMLFormElement) => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));

function filter(scene: Scene, form: HTMLFormElement): void {
  const { arm, layer } = chosen(form);
  scene.filter((spot) => (!arm || spot.arm === arm) && (!layer || spot.layer.slug === layer));
}

/** Writes the view into the address; where one starts needs no word. */
function remember(scene: Scene, form: HTMLFormElement): void {
  const { x, y, zoom } = scene.view;
  const start = startOf(scene.plane());
  const place: Record<string, string> =
    zoom === start.zoom && x === start.x && y === start.y
      ? {}
      : { x: x.toFixed(4), y: y.toFixed(4), z: String(Number(zoom.toPrecision(4))) };
  writeView({ ...place, ...chosen(form) });
}

const canvas = document.querySelector<HTMLCanvasElement>('#map');
const form = document.querySelector<HTMLFormElement>('#map-bar');
if (canvas && form) {
  // Where the data cannot be had, as from a file, the picture of the whole stays.
  const response = await fetch(canvas.dataset.units ?? '').catch(() => undefined);
  if (response?.ok) start(canvas, form, await response.json());
}
