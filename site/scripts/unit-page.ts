/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The unit page's island: arrow keys go to the units beside. */

document.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target;
  if (target instanceof HTMLElement && target.closest('input, select, textarea, pre')) return;
  const way = event.key === 'ArrowLeft' ? 'prev' : event.key === 'ArrowRight' ? 'next' : undefined;
  if (way) document.querySelector<HTMLAnchorElement>(`a[rel="${way}"]`)?.click();
});
