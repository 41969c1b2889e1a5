/** Changes to an ONNX file that know its messages: what is dropped, repeated, renamed or made to lie is still a field of the right place. */
import { WireType } from '@bufbuild/protobuf/wire';
import type { Dice } from './dice.ts';
import { FLOATS, INTEGERS, NAMES, NUMERALS, PATHS } from './extremes.ts';
import { copy, type Field, type Place, parse, placesOf, write } from './protobuf-tree.ts';

/** Fields that hold names of values, by which nodes refer to each other. */
const VALUE_NAMES = ['Node.1', 'Node.2', 'Tensor.8', 'Value.1'];
const OPERATORS =
  'Conv ConvTranspose Gemm MatMul Einsum Add Sub Mul Div Pow Sum Max Min Relu Clip Sigmoid PRelu Softmax LogSoftmax Concat Split Pad Resize Upsample Reshape Flatten Transpose Slice Squeeze Unsqueeze Expand Tile Gather GatherElements GatherND ScatterND ScatterElements ReduceMean ReduceSum ReduceL2 ReduceLogSumExp MaxPool AveragePool GlobalAveragePool LpPool BatchNormalization InstanceNormalization GroupNormalization LayerNormalization LRN DepthToSpace SpaceToDepth Shape Size Constant ConstantOfShape Range NonZero Where Cast CastLike Equal Not If Loop Scan Identity Dropout QuantizeLinear DequantizeLinear TopK OneHot NoSuchOperator'.split(
    ' ',
  );
const ATTRIBUTES =
  'strides pads dilations group kernel_shape auto_pad axis axes perm keepdims to mode blocksize alpha beta epsilon transA transB value value_float value_ints shape output_shape output_padding ceil_mode count_include_pad split num_outputs starts ends then_branch else_branch equation coordinate_transformation_mode nearest_mode allowzero size p'.split(
    ' ',
  );

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const shown = (bytes: Uint8Array | undefined) =>
  JSON.stringify(
    Buffer.from(bytes ?? [])
      .toString('latin1')
      .slice(0, 40),
  );

/** A whole number of a message's field, for whatever it means there. */
function anInteger(dice: Dice): bigint {
  return dice.once(4) ? BigInt(dice.below(24)) : dice.pick(INTEGERS);
}

function newText({ group }: Place, groups: ReadonlyMap<string, readonly Place[]>, dice: Dice): Uint8Array {
  if (group === 'Entry.2') return text(dice.once(2) ? dice.pick(PATHS) : dice.pick(NUMERALS));
  if (group === 'Entry.1') return text(dice.pick(['location', 'offset', 'length', 'checksum', 'mean', 'std', 'imgsz', '__proto__']));
  if (group === 'Node.4') return text(dice.pick(OPERATORS));
  if (group === 'Attribute.1' && !dice.once(6)) return text(dice.pick(ATTRIBUTES));
  // Another name of the file makes a duplicate, a cycle or a tangle; a name from nowhere dangles.
  const pool = (VALUE_NAMES.includes(group) ? VALUE_NAMES : [group]).flatMap((key) => groups.get(key) ?? []);
  const other = dice.once(3) ? undefined : dice.pick(pool).field.bytes;
  return other ?? text(dice.pick(NAMES));
}

/** Packed or raw data of another length or other values. */
function newData(bytes: Uint8Array, dice: Dice): Uint8Array {
  const made = Uint8Array.from(bytes);
  const kind = dice.below(5);
  if (kind === 0) return made.subarray(0, dice.below(made.length + 1));
  if (kind === 1) return Uint8Array.from([...made.subarray(0, 4096), ...made.subarray(0, 1 + dice.below(16))]);
  if (made.length < 8) return made.map(() => dice.below(256));
  const view = new DataView(made.buffer);
  const at = 4 * dice.below(Math.floor(made.length / 4) - 1);
  if (kind === 2) view.setBigInt64(at, BigInt.asIntN(64, dice.pick(INTEGERS)), true);
  else view.setFloat32(at, dice.pick(FLOATS), true);
  return made;
}

/** Fields of bytes that are no text. */
const DATA = ['Tensor.4', 'Tensor.5', 'Tensor.7', 'Tensor.9', 'Tensor.10', 'Tensor.11', 'Attribute.7', 'Attribute.8', 'Tensor.1'];

function newValue(place: Place, groups: ReadonlyMap<string, readonly Place[]>, dice: Dice): string {
  const { field, group } = place;
  if (field.message) {
    const [from] = [dice.pick(groups.get(group) ?? [place])];
    field.message = from.field.message && { kind: from.field.message.kind, fields: copy(from.field.message.fields) };
    return 'another of its kind';
  }
  if (field.varint !== undefined) {
    field.varint = anInteger(dice);
    return String(field.varint);
  }
  if (field.wire === WireType.Bit32) {
    field.bytes = new Uint8Array(Float32Array.of(dice.pick(FLOATS)).buffer);
    return 'an extreme float';
  }
  field.bytes = DATA.includes(group) ? newData(field.bytes ?? new Uint8Array(), dice) : newText(place, groups, dice);
  return shown(field.bytes);
}

type Change = (place: Place, dice: Dice, groups: ReadonlyMap<string, readonly Place[]>, other: () => Field[]) => string;

const drop: Change = ({ siblings, field }) => {
  siblings.splice(siblings.indexOf(field), 1);
  return '';
};

const CHANGES: Readonly<Record<string, Change>> = {
  drop,
  repeat: ({ siblings, field }, dice) => {
    // No more than a megabyte: the process that makes the file is the one whose memory is watched.
    const times = Math.min(dice.pick([1, 1, 1, 2, 20, 300]), 1 + Math.floor(2 ** 20 / (1 + write([field]).length)));
    const at = dice.once(2) ? siblings.indexOf(field) : dice.below(siblings.length + 1);
    siblings.splice(at, 0, ...Array.from({ length: times }, () => copy([field])[0]));
    return `${times} times`;
  },
  swap: ({ siblings, field }, dice) => {
    const [a, b] = [siblings.indexOf(field), dice.below(siblings.length)];
    [siblings[a], siblings[b]] = [siblings[b], siblings[a]];
    return `with the one at ${b}`;
  },
  value: (place, dice, groups) => newValue(place, groups, dice),
  insert: (place, dice, groups) => {
    const [made] = copy([place.field]);
    place.siblings.splice(dice.below(place.siblings.length + 1), 0, made);
    return newValue({ ...place, field: made }, groups, dice);
  },
  splice: (place, dice, _, other) => {
    const places = placesOf(other());
    const found = places.get(place.group);
    if (!found) return drop(place, dice, places, other);
    place.siblings[place.siblings.indexOf(place.field)] = dice.pick(found).field;
    return 'from another file';
  },
  number: ({ field }, dice) => {
    field.number = dice.once(4) ? 1 + dice.below(2 ** 29 - 1) : 1 + dice.below(26);
    return `${field.number}`;
  },
  lie: ({ field }, dice) => {
    if (field.wire !== WireType.LengthDelimited) field.wire = dice.pick([0, 1, 2, 3, 4, 5, 6, 7]) as WireType;
    else field.lie = dice.pick([1, -1, 2, 5, -3, 1000, 2 ** 31 - 1, -(2 ** 31), 2 ** 30]);
    return `${field.lie ?? 'type'}`;
  },
  nest: ({ field, siblings }, dice) => {
    // A graph in an attribute of a node of a graph, and so on.
    const depth = dice.pick([2, 8, 40, 200]);
    const graph: Field = { number: 6, wire: WireType.LengthDelimited, message: { kind: 'Graph', fields: [] } };
    let inner = graph.message?.fields;
    for (let i = 0; i < depth && inner; i++) {
      const next: Field = { number: 6, wire: WireType.LengthDelimited, message: { kind: 'Graph', fields: [] } };
      const attribute: Field = { number: 5, wire: WireType.LengthDelimited, message: { kind: 'Attribute', fields: [next] } };
      inner.push({ number: 1, wire: WireType.LengthDelimited, message: { kind: 'Node', fields: [attribute] } });
      inner = next.message?.fields;
    }
    siblings[siblings.indexOf(field)] = { ...graph, number: dice.pick([5, 6, 7, field.number]) };
    return `${depth} deep`;
  },
};

/** What is tried how often: values most of all. */
const WEIGHTED = [
  'value',
  'value',
  'value',
  'value',
  'value',
  'value',
  'insert',
  'insert',
  'drop',
  'repeat',
  'swap',
  'splice',
  'number',
  'lie',
  'nest',
];

/** Some changes to a file; `about` is told which. `other` gives another file's bytes. */
export function changeOnnx(bytes: Uint8Array, dice: Dice, other: () => Uint8Array, about: string[]): Uint8Array {
  const fields = parse(bytes);
  for (let count = dice.pick([1, 1, 1, 2, 3, 5, 12]); count > 0; count--) {
    const groups = placesOf(fields);
    if (groups.size === 0) break;
    const place = dice.pick(groups.get(dice.pick([...groups.keys()])) ?? []);
    const name = dice.once(12) ? dice.pick(['number', 'lie', 'nest']) : dice.pick(WEIGHTED);
    const was = shown(place.field.bytes);
    const detail = CHANGES[name](place, dice, groups, () => parse(other()));
    about.push(`${name} ${place.group} ${place.field.varint ?? was} ${detail}`);
  }
  return write(fields);
}
