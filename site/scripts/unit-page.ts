/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The unit page's island: arrow keys go to the units beside, buttons copy citations. */

document.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target;
  if (target instanceof HTMLElement && target.closest('input, select, textarea, pre')) return;
  const way = event.key === 'ArrowLeft' ? 'prev' : event.key === 'ArrowRight' ? 'next' : undefined;
  if (way) document.querySelector<HTMLAnchorElement>(`a[rel="${way}"]`)?.click();
});

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy ?? '')?.textContent ?? '';
    const said = await navigator.clipboard.writeText(text).then(
      () => 'Copied',
      () => 'Select and copy by hand',
    );
    const before = button.textContent;
    button.textContent = said;
    setTimeout(() => (button.textContent = before), 1500);
  });
}
