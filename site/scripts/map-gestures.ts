/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Wheel, drag, pinch, click and keys on the map's canvas, as moves of its view. */
import { type Plane, type Point, pan, type View, WHOLE, zoomAt } from './map-plane.ts';

export interface Moves {
  view(): View;
  plane(): Plane;
  /** Takes another view. */
  go(view: View): void;
  /** Opens what lies at a place of the canvas; what lies in the middle without one. */
  open(place?: Point, apart?: boolean): void;
}

/** Pixels that a pointer may move in a click. */
const STILL = 5;
const STEP = 1.5;

/** Listens on a canvas. */
export function listen(canvas: HTMLCanvasElement, moves: Moves): void {
  const pointers = new Map<number, Point>();
  let travelled = 0;
  const placeOf = (event: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const middleOf = ([a, b]: Point[]) => (a && b ? { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } : (a ?? { x: 0, y: 0 }));
  const spread = ([a, b]: Point[]) => (a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0);

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, placeOf(event));
    canvas.setPointerCapture(event.pointerId);
    if (pointers.size === 1) travelled = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = [...pointers.values()];
    pointers.set(event.pointerId, placeOf(event));
    const after = [...pointers.values()];
    const [from, to] = [middleOf(before), middleOf(after)];
    travelled += Math.hypot(to.x - from.x, to.y - from.y) + Math.abs(spread(after) - spread(before));
    const moved = pan(moves.view(), { x: to.x - from.x, y: to.y - from.y }, moves.plane());
    const [wide, was] = [spread(after), spread(before)];
    moves.go(wide > 0 && was > 0 ? zoomAt(moved, wide / was, to, moves.plane()) : moved);
  });
  const lift = (event: PointerEvent) => {
    const clicked = pointers.delete(event.pointerId) && pointers.size === 0 && travelled < STILL && event.type === 'pointerup';
    if (clicked) moves.open(placeOf(event), event.ctrlKey || event.metaKey);
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
      const factor = Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 120 : 420));
      moves.go(zoomAt(moves.view(), factor, placeOf(event), moves.plane()));
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = keyed(event.key, moves);
    if (!to && event.key !== 'Enter') return;
    event.preventDefault();
    if (to) moves.go(to);
    else moves.open();
  });
}

/** The view that a key leads to. */
export function keyed(key: string, moves: Pick<Moves, 'view' | 'plane'>): View | undefined {
  const [view, plane] = [moves.view(), moves.plane()];
  const middle = { x: plane.width / 2, y: plane.height / 2 };
  const stride = 0.12 * Math.min(plane.width, plane.height);
  if (key === '+' || key === '=') return zoomAt(view, STEP, middle, plane);
  if (key === '-' || key === '_') return zoomAt(view, 1 / STEP, middle, plane);
  if (key === '0' || key === 'Home') return WHOLE;
  const ways: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const way = ways[key];
  return way && pan(view, { x: -way[0] * stride, y: -way[1] * stride }, plane);
}
