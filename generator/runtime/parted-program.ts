/**
 * A program with loops in WebAssembly. onnxruntime has no operator that reads a gradient and a value and writes the one where the other lets it
 * through, so that a gate is four of them, and none for the gradient of a maximum over windows. Here the file that its optimiser writes is cut at
 * what stands for loops (compile/onnx-parts.ts), and its parts run one after another, what they hand on laid out as onnxruntime has it: in blocks
 * of channels, which a gate treats all alike.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { type Binding, binding } from 'onnxruntime-node/dist/binding.js';
import type { Gating, LoopedGraph, Pooling } from '../compile/loops.ts';
import { type Cut, cutOnnx, HALT, type Part } from '../compile/onnx-parts.ts';
import { writeOnnx } from '../compile/onnx-writer.ts';
import { AtlasError, fault, reason } from '../graph/errors.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { ELEMENT_TYPES } from '../graph/shapes.ts';
import { type Dtype, sizeOf } from '../graph/tensor.ts';
import { allotted, type GatePlace, openGateKernels, placeGates } from '../wasm/gate.ts';
import { openPoolKernels, type PoolPlace, placePools, scratchRow } from '../wasm/max-pool.ts';
import { KernelMemory, Places } from '../wasm/memory.ts';
import { dropCopy, feed, KeptOutputs, onHost } from './ort-values.ts';
import type { CompileOptions, Program, Value } from './runtime.ts';

type SessionOptions = ort.InferenceSession.SessionOptions;
/** What onnxruntime-node's sessions are made of. Those put a run off to the next turn of the event loop, which takes as long as a small part. */
type Session = Binding.InferenceSession;

/** The arrays of values. */
const ARRAYS = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} satisfies Record<Dtype, unknown>;
const DTYPES = Object.keys(ARRAYS) as Dtype[];

/** What a program does in its memory. */
interface Memory {
  readonly turns: readonly Turn[];
  dispose(): void;
}

/** A part's turn: what it reads and writes, and the loops after it. */
interface Turn {
  readonly session: Session;
  readonly feeds: Record<string, ort.Tensor>;
  readonly fetches: Record<string, ort.Tensor | null>;
  readonly loops: readonly (() => void)[];
  /** What it reads and writes that is the graph's own, and another at every run. */
  readonly given: readonly string[];
  readonly wanted: readonly string[];
}

/** Compiles a program for a processor. `options` are for a session that optimises. Throws where what stands for a loop is gone from what the optimiser wrote. */
export async function compileParted(
  { graph, loops }: LoopedGraph,
  options: SessionOptions,
  { resident = [], places }: Pick<CompileOptions, 'resident' | 'places'> = {},
): Promise<Program> {
  const parts = cutOnnx(await optimised(writeOnnx(graph), options), loops);
  const types = new Map(graph.inputs);
  const sessions: Session[] = [];
  try {
    for (const [i, part] of parts.entries()) {
      const { buffer, byteOffset, byteLength } = part.write((name) => typeOf(types, name));
      const session = new binding.InferenceSession();
      session.loadModel(buffer, byteOffset, byteLength, {
        ...options,
        graphOptimizationLevel: 'disabled',
        ...(options.profileFilePrefix ? { profileFilePrefix: `${options.profileFilePrefix}-${i}` } : {}),
      });
      sessions.push(session);
      for (const [name, type] of outputTypes(session)) types.set(name, type);
      for (const { inputs, output } of part.cuts) types.set(output, typeOf(types, inputs[1]));
    }
    const own = new Places();
    const program = new PartedProgram(graph, sessions, new Layout(graph, parts, types, places ?? own), resident);
    if (!places) program.use(new KernelMemory(own), true);
    return program;
  } catch (error) {
    for (const session of sessions) session.dispose();
    throw error;
  }
}

/** The file that onnxruntime's optimiser makes of another, for this processor. */
async function optimised(file: Uint8Array, options: SessionOptions): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'basis-atlas-')).catch((cause) => {
    throw fault({
      where: tmpdir(),
      expected: 'to make a folder in it',
      name: 'what onnxruntime writes for this processor',
      received: reason(cause),
      remedy: 'Set TMPDIR to a folder that can be written to.',
      cause,
    });
  });
  try {
    const path = join(folder, 'optimised.onnx');
    const session = await ort.InferenceSession.create(file, { ...options, optimizedModelFilePath: path });
    await session.release();
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outputTypes({ outputMetadata }: Session): [string, ValueType][] {
  return outputMetadata.flatMap(({ name, isTensor, type, shape }): [string, ValueType][] => {
    if (!isTensor) return [];
    const dtype = DTYPES.find((each) => ELEMENT_TYPES[each] === type);
    if (!dtype || shape.some((extent) => extent < 0))
      throw new AtlasError(
        `program: expected a value of known type and shape between its parts, received type ${type} [${shape}] for ${name}`,
      );
    return [[name, { dtype, shape }]];
  });
}

function typeOf(types: ReadonlyMap<string, ValueType>, name: string): ValueType {
  const type = types.get(name);
  if (!type) throw new AtlasError(`program: expected a part that makes "${name}", found none`);
  return type;
}

/** Where the values between parts lie, and what is done with them there. */
class Layout {
  readonly parts: readonly Part[];
  readonly #types: ReadonlyMap<string, ValueType>;
  readonly #limits: readonly number[];
  readonly #limitPlace: number;
  readonly #gatePlace: number;
  readonly #poolPlace: ReturnType<typeof placePools>;
  /** The names of the values, and the addresses of those that are float32. */
  readonly #between: ReadonlySet<string>;
  readonly #addresses: ReadonlyMap<string, number>;

  constructor(graph: Graph, parts: readonly Part[], types: ReadonlyMap<string, ValueType>, places: Places) {
    this.parts = parts;
    this.#types = types;
    const cuts = parts.flatMap((part) => part.cuts);
    this.#limits = [...new Set(cuts.flatMap(({ loop }) => (loop.kind === 'gate' ? [loop.limit] : [])))];
    this.#limitPlace = places.take(allotted(this.#limits.length));
    this.#gatePlace = placeGates(places);
    const rows = cuts.map(({ loop, inputs: [gradient] }) =>
      loop.kind === 'max-pool' ? scratchRow({ ...loop, columns: typeOf(types, gradient).shape[3] }) : 0,
    );
    this.#poolPlace = placePools(allotted(Math.max(0, ...rows)), places);
    const outside = new Set([...graph.inputs.keys(), ...graph.outputs]);
    const made = parts.flatMap(({ outputs, cuts }) => [...outputs, ...cuts.map(({ output }) => output)]);
    this.#between = new Set(made.filter((name) => !outside.has(name)));
    const numbers = new Map(
      [...this.#between].flatMap((name) => {
        const { dtype, shape } = typeOf(types, name);
        return dtype === 'float32' ? [[name, allotted(sizeOf(shape))] as const] : [];
      }),
    );
    this.#addresses = placeValues(parts, numbers, places);
  }

  /** The values in a memory. */
  tensors(memory: KernelMemory): Map<string, ort.Tensor> {
    return new Map(
      [...this.#between].map((name) => {
        const { dtype, shape } = typeOf(this.#types, name);
        const address = this.#addresses.get(name);
        const data = address === undefined ? new ARRAYS[dtype](sizeOf(shape)) : memory.floats(address, sizeOf(shape));
        return [name, new ort.Tensor(dtype, data as Float32Array, [...shape])];
      }),
    );
  }

  /** What comes after each part, in a memory. */
  loops(memory: KernelMemory): (() => void)[][] {
    memory.floats(this.#limitPlace, this.#limits.length).set(this.#limits);
    const gates = openGateKernels(this.#gatePlace, memory);
    const routeMaxima = openPoolKernels(this.#poolPlace, memory);
    return this.parts.map(({ cuts }) =>
      cuts.map((cut) => {
        const { loop } = cut;
        if (loop.kind === 'max-pool') {
          const place = this.#pool(cut, loop);
          return () => routeMaxima(place);
        }
        const { place, copied } = this.#gate(cut, loop);
        const run = loop.redirected ? gates.redirect : gates.close;
        return () => {
          if (copied !== undefined) memory.floats(place.gradient, place.numbers).set(memory.floats(copied, place.numbers));
          run(place);
        };
      }),
    );
  }

  /** A gate's place, and where its gradient is copied from, where something else reads that too. */
  #gate({ inputs: [gradient, value], output }: Cut, { limit }: Gating): { place: GatePlace; copied: number | undefined } {
    const [{ shape }, { shape: other }] = [gradient, value].map((input) => typeOf(this.#types, input));
    if (String(shape) !== String(other))
      throw new AtlasError(`program: expected a gate's values of one shape, received [${shape}] and [${other}]`);
    const [from, to] = [gradient, output].map((each) => this.#address(each));
    const place = {
      gradient: to,
      value: this.#address(value),
      limit: this.#limitPlace + Float32Array.BYTES_PER_ELEMENT * this.#limits.indexOf(limit),
      numbers: sizeOf(shape),
      pictures: shape[0],
    };
    return { place, copied: from === to ? undefined : from };
  }

  #pool(cut: Cut, window: Pooling): PoolPlace {
    const [gradient, value] = cut.inputs;
    const [pictures, channels, rows, columns] = typeOf(this.#types, gradient).shape;
    const { shape } = typeOf(this.#types, value);
    const expected = [pictures, channels, window.stride * rows, window.stride * columns];
    if (!cut.inBlocks || channels % window.block !== 0 || String(shape) !== String(expected))
      throw new AtlasError(
        `program: expected values of "${cut.name}" in blocks, [${expected}], received [${shape}]${cut.inBlocks ? '' : ' elsewhere'}`,
      );
    const planes = (pictures * channels) / window.block;
    return {
      ...window,
      gradient: this.#address(gradient),
      value: this.#address(value),
      result: this.#address(cut.output),
      rows,
      columns,
      planes,
    };
  }

  #address(name: string): number {
    const place = this.#addresses.get(name);
    if (place === undefined) throw new AtlasError(`program: expected "${name}" between its parts, found it nowhere`);
    return place;
  }
}

class PartedProgram implements Program {
  readonly #graph: Graph;
  readonly #sessions: readonly Session[];
  readonly #layout: Layout;
  readonly #resident: ReadonlySet<string>;
  readonly #kept: KeptOutputs;
  #memory: Memory | undefined;

  constructor(graph: Graph, sessions: readonly Session[], layout: Layout, resident: readonly string[]) {
    this.#graph = graph;
    this.#sessions = sessions;
    this.#layout = layout;
    this.#resident = new Set(resident);
    this.#kept = new KeptOutputs(graph);
  }

  /** `own`: a memory that ends with the program. */
  use(memory: KernelMemory, own = false): void {
    const { inputs, outputs } = this.#graph;
    const between = this.#layout.tensors(memory);
    const loops = this.#layout.loops(memory);
    const placed = (names: readonly string[]) =>
      Object.fromEntries(names.flatMap((name) => (between.has(name) ? [[name, between.get(name) as ort.Tensor] as const] : [])));
    const turns = this.#layout.parts.map(
      (part, i): Turn => ({
        session: this.#sessions[i],
        feeds: placed(part.inputs),
        fetches: { [HALT]: null, ...placed(part.outputs) },
        loops: loops[i],
        given: part.inputs.filter((name) => inputs.has(name) || outputs.includes(name)),
        wanted: part.outputs.filter((name) => outputs.includes(name)),
      }),
    );
    this.#memory = { turns, dispose: () => own && memory.dispose() };
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    if (!this.#memory) throw new AtlasError('program: expected a memory before it is run, received none');
    const values: Record<string, ort.Tensor> = {};
    for (const [name, type] of this.#graph.inputs) values[name] = feed(name, type, inputs[name]);
    const outputs = this.#graph.outputs.map((name) => [name, this.#kept.place(name)] as const);
    for (const [name, tensor] of outputs) values[name] = tensor;
    for (const turn of this.#memory.turns) {
      for (const name of turn.given) turn.feeds[name] = values[name];
      for (const name of turn.wanted) turn.fetches[name] = values[name];
      runInPlace(turn);
      for (const loop of turn.loops) loop();
    }
    return Object.fromEntries(
      outputs.map(([name, tensor]) => [name, this.#resident.has(name) ? this.#kept.lend(name, tensor) : onHost(tensor)]),
    );
  }

  async dispose(): Promise<void> {
    this.#memory?.dispose();
    this.#memory = undefined;
    for (const session of this.#sessions) session.dispose();
  }
}

/**
 * Runs a part, which writes its outputs where the tensors are. onnxruntime-node would go on to copy each, which costs more than a gate. Its first
 * output is a sequence, though, which it has no value of JavaScript for: it says so before it copies any. Should it come to have one, this only
 * becomes slower.
 */
function runInPlace({ session, feeds, fetches }: Turn): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const results = session.run(feeds, fetches, {});
    for (const name of Object.keys(fetches)) if (name !== HALT) dropCopy(results[name] as ort.Tensor);
  } catch (error) {
    if (!(error instanceof Error && /^Non tensor type/.test(error.message))) throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Addresses of what parts hand on to cuts and to each other, of as many `numbers` each. A place is used again once its value has been read for
 * the last time, so that what was just written is still in the cache; a gate's output takes its gradient's.
 */
function placeValues(parts: readonly Part[], numbers: ReadonlyMap<string, number>, places: Places): Map<string, number> {
  const lastRead = new Map<string, number>();
  const readers = new Map<string, number>();
  for (const [i, { inputs, cuts }] of parts.entries())
    for (const name of [...inputs, ...cuts.flatMap((cut) => cut.inputs)]) {
      lastRead.set(name, i);
      readers.set(name, (readers.get(name) ?? 0) + 1);
    }
  const addresses = new Map<string, number>();
  const free: { address: number; numbers: number }[] = [];
  const take = (many: number) => {
    const fitting = free.filter((place) => place.numbers >= many).sort((a, b) => a.numbers - b.numbers)[0];
    if (!fitting) return places.take(many);
    const { address } = fitting;
    fitting.address += Float32Array.BYTES_PER_ELEMENT * many;
    fitting.numbers -= many;
    return address;
  };
  for (const [i, { outputs, cuts }] of parts.entries()) {
    const place = (name: string) => {
      const many = numbers.get(name);
      if (many !== undefined) addresses.set(name, take(many));
    };
    for (const name of outputs) place(name);
    const handedOn = new Set<string>();
    for (const {
      loop,
      inputs: [gradient],
      output,
    } of cuts) {
      const own = loop.kind === 'gate' && readers.get(gradient) === 1 ? addresses.get(gradient) : undefined;
      if (own === undefined) place(output);
      else {
        addresses.set(output, own);
        handedOn.add(gradient);
      }
    }
    for (const [name, address] of addresses)
      if (lastRead.get(name) === i && !handedOn.has(name)) free.push({ address, numbers: numbers.get(name) ?? 0 });
  }
  return addresses;
}
