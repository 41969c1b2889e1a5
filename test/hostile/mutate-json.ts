/** Changes to a TF.js model.json that know what JSON is: keys, types, nesting, and what no serialiser writes. */
import type { Dice } from './dice.ts';
import { NAMES, PATHS } from './extremes.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where a value stands: `holder[key]`. */
interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: string | number;
  readonly path: string;
}

/** What JSON.stringify cannot write stands as a text between these marks until all is written. */
const RAW = (text: string): string => `\u0001${text}\u0001`;
const RAW_TEXTS = /"\\u0001(.*?)\\u0001"/g;

const NUMBERS: readonly Json[] = [
  ...[0, -1, 1, 2, 3, 0.5, 1e-300, 65536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), 1e300],
  ...['1e999', '-1e999', '-0', '9223372036854775808', '1.5'].map(RAW),
  ...['2147483648', '9223372036854775807', '-1', 'NaN', 'Infinity'],
];
const TYPES: readonly Json[] = [null, true, false, 0, '', [], {}, [[]], [null], { name: 'x' }];
const OPERATIONS: readonly string[] =
  'Const Placeholder Conv2D DepthwiseConv2dNative FusedBatchNormV3 MatMul Reshape Squeeze ExpandDims ConcatV2 Pad MirrorPad Mean Max Transpose ResizeBilinear ResizeNearestNeighbor StridedSlice Pack Shape Identity AddV2 Mul BiasAdd Relu6 Softmax Switch Merge NextIteration While TensorListReserve InputLayer Dense Reshape Flatten Sequential Functional Concatenate Conv2DTranspose UpSampling2D Cropping2D'.split(
    ' ',
  );

function placesOf(root: Json): Place[] {
  const places: Place[] = [];
  const stack: { value: Json; path: string }[] = [{ value: root, path: '' }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { value, path } = top;
    if (value === null || typeof value !== 'object') continue;
    for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
      places.push({ holder: value, key, path: `${path}.${key}` });
      stack.push({ value: (value as Record<string | number, Json>)[key], path: `${path}.${key}` });
    }
  }
  return places;
}

function at({ holder, key }: Place): Json {
  return (holder as Record<string | number, Json>)[key];
}

function put({ holder, key }: Place, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A value that may well be of the type that is wanted there, and is not what should be. */
function another(place: Place, places: readonly Place[], dice: Dice): Json {
  const old = at(place);
  const sort = dice.below(4);
  if (sort === 0) return dice.pick(TYPES);
  if (typeof old === 'number') return dice.pick(NUMBERS);
  const twins = places.filter((other) => other.path.replace(/\d+/g, '#') === place.path.replace(/\d+/g, '#'));
  if (sort === 1) return structuredClone(at(dice.pick(twins)));
  if (typeof old === 'string') {
    if (place.path.includes('.paths.')) return dice.pick(PATHS);
    if (place.key === 'op' || place.key === 'class_name') return dice.pick(OPERATIONS);
    const strings = places.map(at).filter((value) => typeof value === 'string');
    return dice.once(2) ? dice.pick(strings) : dice.pick(/^-?\d+$/.test(old) ? NUMBERS : NAMES);
  }
  return structuredClone(at(dice.pick(places)));
}

type Change = (place: Place, dice: Dice, places: readonly Place[]) => string;

const CHANGES: Readonly<Record<string, Change>> = {
  value: (place, dice, places) => {
    put(place, another(place, places, dice));
    return JSON.stringify(at(place) ?? null).slice(0, 60);
  },
  drop: ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
    return '';
  },
  repeat: (place, dice) => {
    const { holder } = place;
    const times = dice.pick([1, 1, 2, 100]);
    if (Array.isArray(holder))
      holder.splice(dice.below(holder.length + 1), 0, ...Array.from({ length: times }, () => structuredClone(at(place))));
    else put({ ...place, key: dice.pick(['__proto__', 'constructor', 'toString', 'length', 'name', '']) }, structuredClone(at(place)));
    return `${times} times`;
  },
  swap: (place, dice, places) => {
    const other = dice.pick(places.filter(({ holder }) => holder === place.holder));
    const [a, b] = [at(place), at(other)];
    put(place, b);
    put(other, a);
    return `with ${other.key}`;
  },
  rename: (place, dice, places) => {
    if (Array.isArray(place.holder)) return CHANGES.value(place, dice, places);
    const value = at(place);
    const name = dice.once(2) ? dice.pick(['__proto__', 'constructor', 'prototype', 'toString']) : String(dice.pick(places).key);
    delete place.holder[place.key];
    put({ ...place, key: name }, value);
    return `to ${name}`;
  },
  nest: (place, dice) => {
    const depth = dice.pick([10, 1000, 20_000]);
    const [open, close] = dice.pick([
      ['[', ']'],
      ['{"config":', '}'],
      ['{"a":', '}'],
    ]);
    put(place, RAW(`${open.repeat(depth)}${JSON.stringify(at(place))}${close.repeat(depth)}`));
    return `${depth} deep`;
  },
};

const WEIGHTED = ['value', 'value', 'value', 'value', 'value', 'drop', 'repeat', 'swap', 'rename', 'nest'];

/** Some changes to a file; `about` is told which. */
export function changeJson(bytes: Uint8Array, dice: Dice, about: string[]): Uint8Array {
  let text = Buffer.from(bytes).toString('utf8');
  let root = JSON.parse(text) as Json;
  for (let count = dice.pick([1, 1, 1, 2, 3, 6, 12]); count > 0; count--) {
    const places = placesOf(root);
    if (places.length === 0) break;
    // By path without its numbers first: else the longest list would get every change.
    const kinds = new Map(places.map((place) => [place.path.replace(/\d+/g, '#'), place]));
    const kind = dice.pick([...kinds.keys()]);
    const place = dice.pick(places.filter(({ path }) => path.replace(/\d+/g, '#') === kind));
    const name = dice.pick(WEIGHTED);
    try {
      about.push(`${name} ${place.path.slice(0, 100)} ${CHANGES[name](place, dice, places)}`);
      text = JSON.stringify(root);
    } catch {
      // Moved into itself, which no file can hold.
      root = JSON.parse(text) as Json;
    }
  }
  return Buffer.from(text.replace(RAW_TEXTS, (_, raw: string) => JSON.parse(`"${raw}"`) as string));
}
