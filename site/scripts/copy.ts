/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Buttons that copy the text of the element that their `data-copy` names. They are hidden without scripts. */

async function copy(source: HTMLElement): Promise<string> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return 'Copied';
  } catch {
    // No permission, or a page that is not served securely: the reader's own copy command does it.
    source.closest('details')?.setAttribute('open', '');
    getSelection()?.selectAllChildren(source);
    return 'Selected: copy it by hand';
  }
}

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  const name = button.textContent;
  const source = document.getElementById(button.dataset.copy ?? '');
  button.hidden = false;
  button.closest<HTMLElement>('.copies')?.removeAttribute('hidden');
  button.addEventListener('click', async () => {
    if (!source) return;
    button.textContent = await copy(source);
    setTimeout(() => {
      button.textContent = name;
    }, 1500);
  });
}
