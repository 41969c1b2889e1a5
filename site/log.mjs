/** What a build says: all that Astro's own log does but the two lines a page, instead of which it counts them every few seconds. */
import nodeLog from 'astro/logger/node';

/** Milliseconds. */
const INTERVAL = 5000;

export default function countPages(config) {
  const { write } = nodeLog(config);
  let pages = 0;
  let untimed = 0;
  let told = performance.now();
  return {
    write(event) {
      if (event.label === null && event.newLine === false) {
        pages++;
        untimed++;
        if (performance.now() - told < INTERVAL) return;
        told = performance.now();
        write({ ...event, label: 'build', message: `${pages.toLocaleString('en-GB')} pages`, newLine: true });
      } else if (untimed > 0 && event.label === 'SKIP_FORMAT') untimed--;
      else write(event);
    },
  };
}
