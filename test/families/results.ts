/** The table of RESULTS.md: what the comparison found, a row for each family and variant. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Errors } from './compare.ts';

const FILE = new URL('RESULTS.md', import.meta.url).pathname;
const HEAD = `# Every torchvision family, against PyTorch

Largest relative error, max |ours − PyTorch's| / max |PyTorch's|, of the channel means and scores and of the input gradients, in single precision
against PyTorch's double. The networks are small ones with random weights (\`test/fixtures/families/README.md\`). Written by
\`ATLAS_WRITE_RESULTS=1 npx vitest run --config test/vitest.long.config.ts test/families\`.

| family | operator set | layers | activations | gradients |
|---|---|---|---|---|
`;

export interface Row {
  readonly family: string;
  /** `17-unfolded`. */
  readonly variant: string;
  readonly errors: Errors;
}

/** Writes the table. */
export function writeResults(rows: readonly Row[]): void {
  const lines = rows.map(
    ({ family, variant, errors }) =>
      `| ${family} | ${variant.replace('-', ', ')} | ${errors.layers} | ${errors.activations.toExponential(1)} | ${errors.gradients.toExponential(1)} |\n`,
  );
  writeFileSync(FILE, HEAD + lines.join(''));
}

/** The rows of the table: `alexnet 17-unfolded` → activations' and gradients' errors. */
export function readResults(): Map<string, readonly number[]> {
  const rows = readFileSync(FILE, 'utf8').matchAll(/^\| ([a-z0-9-]+) \| ([\w, ]+) \| \d+ \| (\S+) \| (\S+) \|$/gm);
  return new Map(
    [...rows].map(([, family, variant, activations, gradients]) => [
      `${family} ${variant.replace(', ', '-')}`,
      [Number(activations), Number(gradients)],
    ]),
  );
}
