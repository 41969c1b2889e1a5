/** A TF.js graph model's `model.json`: read, checked, and with its attributes decoded. */
import { z } from 'zod';
import { fault } from '../../graph/errors.ts';

const integer = z.union([z.number(), z.string().regex(/^-?\d+$/)]);
/** A byte string: numbers, or base64. */
const bytes = z.union([z.array(z.number()), z.string()]);
/** `NaN` and `Infinity` are no JSON: they come as text. */
const real = z.union([z.number(), z.string()]);
const shape = z.looseObject({ dim: z.array(z.looseObject({ size: integer.optional() })).optional(), unknownRank: z.boolean().optional() });
const tensor = z.looseObject({
  tensorShape: shape.optional(),
  floatVal: z.array(real).optional(),
  intVal: z.array(integer).optional(),
  boolVal: z.array(z.boolean()).optional(),
});
const list = z.looseObject({
  s: z.array(bytes).optional(),
  i: z.array(integer).optional(),
  f: z.array(real).optional(),
});
const attribute = z.looseObject({
  s: bytes.optional(),
  i: integer.optional(),
  f: real.optional(),
  b: z.boolean().optional(),
  type: z.union([z.string(), z.number()]).optional(),
  shape: shape.optional(),
  list: list.optional(),
  tensor: tensor.optional(),
});
const node = z.looseObject({
  name: z.string().min(1),
  op: z.string().min(1),
  input: z.array(z.string()).max(10_000).default([]),
  attr: z.record(z.string(), attribute).default({}),
});

const weight = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: z.looseObject({ dtype: z.string(), scale: z.number().optional(), min: z.number().optional() }).optional(),
});
/** Where the weights lie, alike in every TF.js format. */
export const weightsManifest = z.array(z.looseObject({ paths: z.array(z.string()), weights: z.array(weight) }));
// Nodes are checked one by one: of half a million wrong ones the first is enough.
const modelJson = z.looseObject({ modelTopology: z.looseObject({ node: z.array(z.unknown()).min(1) }), weightsManifest });

/** The file as it stands, checked for form only. */
export type ModelJson = Pick<z.infer<typeof modelJson>, 'weightsManifest'> & {
  readonly modelTopology: { readonly node: readonly z.infer<typeof node>[] };
};
/** One weight as the manifest describes it. */
export type WeightEntry = z.infer<typeof weight>;
/** A node's attribute, as the format writes it. */
export type Attribute = z.infer<typeof attribute>;

/** Whether parsed JSON is a TF.js graph model, judged by its content. */
export function match(json: unknown): boolean {
  const probe = z.looseObject({ modelTopology: z.looseObject({ node: z.array(z.unknown()) }), weightsManifest: z.array(z.unknown()) });
  return probe.safeParse(json).success;
}

/** Checks parsed JSON against the format; `where` is the file, for the message. */
export function parseModelJson(json: unknown, where: string): ModelJson {
  const parsed = modelJson.safeParse(json);
  if (!parsed.success) throw malformed(where, parsed.error, []);
  const nodes = parsed.data.modelTopology.node.map((item, i) => {
    const checked = node.safeParse(item);
    if (checked.success) return checked.data;
    throw malformed(where, checked.error, ['modelTopology', 'node', i]);
  });
  return { modelTopology: { node: nodes }, weightsManifest: parsed.data.weightsManifest };
}

function malformed(where: string, error: z.ZodError, path: readonly PropertyKey[]) {
  const [issue] = error.issues;
  return fault({
    where,
    expected: 'a TF.js graph model',
    name: [...path, ...issue.path].join('.') || 'the file',
    received: issue.message,
    remedy: 'The file was altered or cut short, or is another format. Export it again with tensorflowjs_converter.',
    cause: error,
  });
}

/** A node of the file: inputs without their control edges, attributes behind decoders. */
export interface FileNode {
  readonly name: string;
  /** As TensorFlow spells it: `DepthwiseConv2dNative`. */
  readonly op: string;
  /** Value names: `Conv/Relu6`, or `split:1` for an output but the first. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The nodes by name, in the file's order. */
export function nodesOf(json: ModelJson, where: string): ReadonlyMap<string, FileNode> {
  const nodes = new Map<string, FileNode>();
  for (const { name, op, input, attr } of json.modelTopology.node) {
    if (nodes.has(name))
      throw fault({ where, expected: 'one node', name, received: 'two of that name', remedy: 'The file was altered: export it again.' });
    const inputs = input.filter((value) => !value.startsWith('^')).map((value) => value.replace(/:0$/, ''));
    nodes.set(name, { name, op, inputs, attributes: attr });
  }
  return nodes;
}

/** The node that makes a value: `split:1` → `split`. */
export function makerOf(value: string): string {
  return value.replace(/:\d+$/, '');
}

/** A string attribute, whether given as bytes or as base64: `SAME`. */
export function text(node: FileNode, name: string, otherwise: string): string {
  const value = node.attributes[name]?.s;
  return value === undefined || value.length === 0 ? otherwise : decode(value);
}

/** A list of strings: `['BiasAdd', 'Relu6']`. */
export function texts(node: FileNode, name: string): readonly string[] {
  return (node.attributes[name]?.list?.s ?? []).map(decode);
}

/** A list of integers, given as numbers or as text: `[1, 2, 2, 1]`. */
export function integers(node: FileNode, name: string, otherwise: readonly number[]): readonly number[] {
  const values = node.attributes[name]?.list?.i;
  return values?.length ? values.map(Number) : otherwise;
}

/** A number, integer or not. */
export function number(node: FileNode, name: string, otherwise: number): number {
  const value = node.attributes[name]?.f ?? node.attributes[name]?.i;
  return value === undefined ? otherwise : Number(value);
}

/** A truth value. */
export function flag(node: FileNode, name: string, otherwise: boolean): boolean {
  return node.attributes[name]?.b ?? otherwise;
}

/** The shape a placeholder declares, -1 where an extent is open; nothing if even the rank is. */
export function declaredShape(node: FileNode): readonly number[] | undefined {
  const declared = node.attributes.shape?.shape;
  if (!declared?.dim || declared.unknownRank) return undefined;
  return declared.dim.map(({ size }) => Number(size ?? -1));
}

function decode(value: readonly number[] | string): string {
  if (typeof value !== 'string') return Buffer.from(value).toString('utf8');
  const decoded = Buffer.from(value, 'base64').toString('latin1');
  // Base64 by the format's rule; some hand-written files have the text itself, which decodes to gibberish.
  return /^[\x20-\x7e]*$/.test(decoded) ? decoded : value;
}
