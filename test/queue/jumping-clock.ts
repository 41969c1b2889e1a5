/** Loaded before a process: its wall clock jumps a day forth and a day back, every half second by turns. */
const DAY = 24 * 3600 * 1000;
const now = Date.now.bind(Date);
let offset = 0;

Date.now = () => now() + offset;
let jumps = 0;
setInterval(() => {
  offset = jumps++ % 2 === 0 ? DAY : -DAY;
  if (jumps === 1) process.stdout.write('the clock jumps\n');
}, 500).unref();
