/** `atlas doctor`: what this machine has to render with, and how to get the rest. */
import type { Command } from 'commander';
import type { Finding } from './doctor/finding.ts';
import { checkGraphics } from './doctor/graphics.ts';
import { checkRuntimes } from './doctor/runtimes.ts';
import { checkStorage, checkSystem } from './doctor/system.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('says what this machine has to render with, tries every device, and how to get what is missing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const found = [...checkSystem(), ...(await checkStorage()), ...checkGraphics(), ...(await checkRuntimes())];
      const fit = !found.some(({ state, essential }) => essential && state !== 'ok');
      process.stdout.write(json ? `${JSON.stringify({ fit, findings: found }, null, 2)}\n` : describe(found, fit));
      if (!fit) process.exitCode = 1;
    });
}

const MARKS = { ok: 'ok     ', missing: 'missing', broken: 'BROKEN ' };
const NAME_WIDTH = 29;

function describe(found: readonly Finding[], fit: boolean): string {
  const areas = [...Map.groupBy(found, ({ area }) => area)].map(([area, own]) => {
    const lines = own.map(({ state, name, detail, remedy }) => {
      const cure = remedy ? `\n${' '.repeat(12)}→ ${remedy}` : '';
      return `  ${MARKS[state]}  ${name.padEnd(NAME_WIDTH)}  ${detail}${cure}\n`;
    });
    return `${area}\n${lines.join('')}`;
  });
  const verdict = fit ? 'This machine can render.' : 'This machine cannot render until what is BROKEN is mended.';
  return `${areas.join('')}${verdict}\n`;
}
