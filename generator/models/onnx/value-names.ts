/** What the values of an ONNX file are called as layers: exporters number values, and then only the nodes have names. */
import type { Source } from './source.ts';

/** A name for every value that a node makes, unique: its own, or its node's where it is only a number. */
export function valueNames(source: Source): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>(source.nodes.flatMap(({ outputs }) => outputs));
  const counts = new Map<string, number>();
  for (const { op, name, outputs } of source.nodes) {
    for (const [i, output] of outputs.entries()) {
      if (output === '' || !/^\d*$/.test(output)) continue;
      const stem = `${name || `${op}_${output}`}${i > 0 ? `:${i}` : ''}`;
      let free = stem;
      let n = counts.get(stem) ?? 2;
      for (; taken.has(free); n++) free = `${stem}_${n}`;
      counts.set(stem, n);
      taken.add(free);
      names.set(output, free);
    }
  }
  return names;
}

/** Parts of PyTorch's names that only say how a value came about: `/layer1/layer1.0/conv1/Conv_output_0` → `layer1.0/conv1`. */
export function tidyName(name: string): string {
  const parts = name
    .replace(/_output_0$/, '')
    .split('/')
    .filter((part) => part !== '');
  const kept = parts.filter((part, i) => {
    const next = parts[i + 1];
    // `layer1` before `layer1.0`, and `conv1` or `relu` before `Conv` or `Relu`, say the same twice.
    if (next?.startsWith(`${part}.`)) return false;
    return !(i > 0 && i === parts.length - 1 && sayTheSame(parts[i - 1], part));
  });
  return kept.join('/');
}

/** Operators that are what a module is for: one of them in it needs no name of its own. */
const MAIN: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'BatchNormalization', 'GlobalAveragePool', 'MaxPool', 'AveragePool', 'Clip']);

function sayTheSame(module: string, operator: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  if (/_\d+$/.test(operator)) return false; // The second of its kind in the module.
  return MAIN.has(operator) || plain(module.split('.').at(-1) ?? '') === plain(operator);
}
