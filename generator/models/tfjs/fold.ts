/** Which nodes of a TF.js graph disappear into their neighbours: biases and batch norms into convolutions, unless someone asks for them. */
import { type Affine, batchNorm, type Constant, perChannel } from './constants.ts';
import { isConvolution, outputChannels, takesMore } from './kernels.ts';
import type { Source } from './source.ts';
import type { FileNode } from './topology.ts';

/** A convolution with all that it absorbs. */
export interface Chain extends Affine {
  /** The last absorbed node, whose value the convolution makes: `…/batchnorm/add_1`. */
  readonly output: string;
  /** Everything folded in, which tells kernels of the same convolution apart. */
  readonly absorbed: readonly string[];
}

export interface Folding {
  /** By the convolution's name. */
  readonly chains: ReadonlyMap<string, Chain>;
  /** Sums that make the value of the bias that follows them: sum → bias. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Nodes that another one stands for; they are not lowered themselves. */
  readonly done: ReadonlySet<string>;
  /** Values that exist only between the parts of one operation, so that they are no layers: a convolution before its batch norm. */
  readonly hidden: ReadonlySet<string>;
}

const SUMS = new Set(['Add', 'AddV2', 'AddN']);

/** Plans the folding of `order` (nodes from the image on), keeping the values of `pinned` as the file has them. */
export function planFolding(source: Source, order: readonly string[], pinned: ReadonlySet<string>): Folding {
  const readers = readersOf(source, order);
  const only = (name: string) => {
    const [reader, ...others] = readers.get(name) ?? [];
    return reader !== undefined && others.length === 0 && !pinned.has(name) ? source.node(reader) : undefined;
  };
  const chains = new Map<string, Chain>();
  const done = new Set<string>();
  const hidden = new Set<string>();
  const chainEnds = new Map<string, string>();
  for (const name of order) {
    const node = source.node(name);
    const channels = isConvolution(node) && takesMore(node) ? outputChannels(source, node) : undefined;
    if (channels === undefined) continue;
    let chain: Chain = { output: name, absorbed: [], scale: new Float64Array(channels).fill(1), offset: new Float64Array(channels) };
    for (let next = only(name); next; next = only(next.name)) {
      const affine = affineOf(source, next, chain.output, channels);
      if (!affine) break;
      hidden.add(chain.output);
      done.add(next.name);
      chain = { output: next.name, absorbed: [...chain.absorbed, next.name], ...after(chain, affine) };
    }
    chains.set(name, chain);
    chainEnds.set(chain.output, name);
  }
  const renamed = new Map<string, string>();
  for (const name of order) {
    const bias = only(name);
    const sum = source.node(name);
    if (!bias || !SUMS.has(sum.op) || done.has(name) || !SUMS.has(bias.op) || !sum.inputs.every((value) => source.isDependent(value)))
      continue;
    const offset = (channels: number) => affineOf(source, bias, name, channels)?.offset;
    const constant = bias.inputs.some((value) => !source.isDependent(value));
    if (constant) hidden.add(name);
    const start = sum.inputs.map((value) => (only(value) ? chainEnds.get(value) : undefined)).find((found) => found !== undefined);
    const chain = start === undefined ? undefined : chains.get(start);
    const added = chain && offset(chain.offset.length);
    if (start === undefined || !chain || !added) continue;
    // conv + rest + bias = (conv + bias) + rest, and a convolution adds its bias for nothing.
    chains.set(start, { ...chain, absorbed: [...chain.absorbed, bias.name], offset: chain.offset.map((value, c) => value + added[c]) });
    renamed.set(name, bias.name);
    done.add(bias.name);
  }
  return { chains, renamed, done, hidden };
}

function readersOf(source: Source, order: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const name of order) {
    for (const value of source.node(name).inputs) {
      const list = readers.get(value) ?? [];
      list.push(name);
      readers.set(value, list);
    }
  }
  return readers;
}

/** What `node` does to `value`, where that is one number times, and one number added to, every channel. */
function affineOf(source: Source, node: FileNode, value: string, channels: number): Affine | undefined {
  const constants = node.inputs.map((name) => source.constant(name));
  if (/^FusedBatchNorm(V2|V3)?$/.test(node.op)) return node.inputs[0] === value ? batchNorm(node, constants.slice(1), channels) : undefined;
  if (node.inputs.length !== 2 || !Object.hasOwn(AFFINE, node.op)) return undefined;
  const first = node.inputs[0] === value;
  const other = perChannel(constants[first ? 1 : 0] as Constant | undefined, channels);
  return other && AFFINE[node.op](other, first);
}

const ones = (like: Float64Array) => like.map(() => 1);
const plus = (other: Float64Array): Affine => ({ scale: ones(other), offset: other });
const AFFINE: Readonly<Record<string, (other: Float64Array, valueFirst: boolean) => Affine | undefined>> = {
  Add: plus,
  AddV2: plus,
  AddN: plus,
  BiasAdd: plus,
  Sub: (other, first) => (first ? plus(other.map((x) => -x)) : { scale: other.map(() => -1), offset: other }),
  Mul: (other) => ({ scale: other, offset: other.map(() => 0) }),
  RealDiv: (other, first) => (first ? { scale: other.map((x) => 1 / x), offset: other.map(() => 0) } : undefined),
};

/** `second` applied after `first`. */
function after(first: Affine, second: Affine): Affine {
  return {
    scale: first.scale.map((value, c) => value * second.scale[c]),
    offset: first.offset.map((value, c) => value * second.scale[c] + second.offset[c]),
  };
}
