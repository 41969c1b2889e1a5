/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The view of a page in the part of its address behind the #, so that it can be linked: `#sort=attainment&arm=random`. */

/** What the address says; empty where it holds nothing or a place on the page (`#main`). */
export function readView(): URLSearchParams {
  const hash = location.hash.slice(1);
  return new URLSearchParams(hash.includes('=') ? hash : '');
}

/** Writes a view into the address, leaving out what is empty, without a step in the history. */
export function writeView(view: Record<string, string>): void {
  const said = new URLSearchParams(Object.entries(view).filter(([, value]) => value !== '')).toString();
  if (said === readView().toString()) return;
  history.replaceState(history.state, '', said ? `#${said}` : location.pathname + location.search);
}

/** Sets a form's controls as a view says; what it does not name, or names wrongly, goes back to the page's own choice. */
export function fillForm(form: HTMLFormElement, view: URLSearchParams): void {
  form.reset();
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement && control.type === 'checkbox') control.checked = view.get(control.name) === control.value;
    else if (control instanceof HTMLSelectElement || control instanceof HTMLInputElement) {
      const value = view.get(control.name) ?? '';
      const known = control instanceof HTMLInputElement || [...control.options].some((option) => option.value === value);
      if (value !== '' && known) control.value = value;
    }
  }
}
