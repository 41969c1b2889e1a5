/**
 * A program whose gates are loops in WebAssembly. onnxruntime has no operator that reads a gradient and a value and writes the one where the
 * other lets it through, so that a gate is four of them. Here the file that its optimiser writes is cut at the gates (compile/onnx-parts.ts), and
 * its parts run one after another, what they hand on laid out as onnxruntime has it: in blocks of channels, which a gate treats all alike.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { GatedGraph, Gates } from '../compile/gates.ts';
import { type Cut, cutOnnx, HALT, type Part } from '../compile/onnx-parts.ts';
import { writeOnnx } from '../compile/onnx-writer.ts';
import { AtlasError, fault, reason } from '../graph/errors.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { type Dtype, sizeOf } from '../graph/tensor.ts';
import { allotted, type GateKernels, type GatePlace, openGateKernels, placeGates } from '../wasm/gate.ts';
import { KernelMemory, Places } from '../wasm/memory.ts';
import { dropCopy, feed, KeptOutputs, onHost } from './ort-values.ts';
import type { CompileOptions, Program, Value } from './runtime.ts';

type SessionOptions = ort.InferenceSession.SessionOptions;

/** The arrays of values. */
const ARRAYS = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} satisfies Record<Dtype, unknown>;

/** What a program does in its memory: the values there, and the gates after each part. */
interface Memory {
  readonly between: ReadonlyMap<string, ort.Tensor>;
  readonly kernels: GateKernels;
  readonly gates: readonly (readonly Gate[])[];
  dispose(): void;
}

/** A gate after a part. */
interface Gate extends GatePlace {
  /** Where something else reads the gradient too, copies it to a place of the gate's own. */
  readonly copy: (() => void) | undefined;
  readonly redirected: boolean;
}

/** Compiles a program for a processor. `options` are for a session that optimises. Throws where a gate is gone from what the optimiser wrote. */
export async function compileParted(
  { graph, gates }: GatedGraph,
  options: SessionOptions,
  { resident = [], places }: Pick<CompileOptions, 'resident' | 'places'> = {},
): Promise<Program> {
  const parts = cutOnnx(await optimised(writeOnnx(graph), options), new Set(gates.keys()));
  const types = new Map(graph.inputs);
  const sessions: ort.InferenceSession[] = [];
  try {
    for (const [i, part] of parts.entries()) {
      const session = await ort.InferenceSession.create(
        part.write((name) => typeOf(types, name)),
        {
          ...options,
          graphOptimizationLevel: 'disabled',
          ...(options.profileFilePrefix ? { profileFilePrefix: `${options.profileFilePrefix}-${i}` } : {}),
        },
      );
      sessions.push(session);
      for (const [name, type] of outputTypes(session)) types.set(name, type);
      for (const { inputs, output } of part.cuts) types.set(output, typeOf(types, inputs[0]));
    }
    const own = new Places();
    const program = new PartedProgram(graph, sessions, new Layout(graph, parts, types, gates, places ?? own), resident);
    if (!places) program.use(new KernelMemory(own), true);
    return program;
  } catch (error) {
    await Promise.all(sessions.map((session) => session.release()));
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

function outputTypes({ outputMetadata }: ort.InferenceSession): [string, ValueType][] {
  return outputMetadata.flatMap((value): [string, ValueType][] => {
    if (!value.isTensor) return [];
    const { name, type, shape } = value;
    if (!(type in ARRAYS) || !shape.every((extent) => typeof extent === 'number'))
      throw new AtlasError(`program: expected a value of known type and shape between its parts, received ${type} [${shape}] for ${name}`);
    return [[name, { dtype: type as Dtype, shape: shape as number[] }]];
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
  readonly #gates: Gates;
  readonly #limits: readonly number[];
  readonly #limitPlace: number;
  readonly #kernelPlace: number;
  /** The names of the values, and the addresses of those that are float32. */
  readonly #between: ReadonlySet<string>;
  readonly #addresses: ReadonlyMap<string, number>;

  constructor(graph: Graph, parts: readonly Part[], types: ReadonlyMap<string, ValueType>, gates: Gates, places: Places) {
    this.parts = parts;
    this.#types = types;
    this.#gates = gates;
    this.#limits = [...new Set([...gates.values()].map(({ limit }) => limit))];
    this.#limitPlace = places.take(allotted(this.#limits.length));
    this.#kernelPlace = placeGates(places);
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

  kernels(memory: KernelMemory): GateKernels {
    memory.floats(this.#limitPlace, this.#limits.length).set(this.#limits);
    return openGateKernels(this.#kernelPlace, memory);
  }

  gate({ name, inputs: [gradient, value], output }: Cut, memory: KernelMemory): Gate {
    const [{ shape }, { shape: other }] = [gradient, value].map((input) => typeOf(this.#types, input));
    if (String(shape) !== String(other))
      throw new AtlasError(`program: expected a gate's values of one shape, received [${shape}] and [${other}]`);
    const { limit, redirected } = this.#gates.get(name) ?? { limit: 0, redirected: false };
    const numbers = sizeOf(shape);
    const [from, to] = [gradient, output].map((each) => this.#address(each));
    return {
      copy: from === to ? undefined : () => memory.floats(to, numbers).set(memory.floats(from, numbers)),
      gradient: to,
      value: this.#address(value),
      limit: this.#limitPlace + Float32Array.BYTES_PER_ELEMENT * this.#limits.indexOf(limit),
      numbers,
      pictures: shape[0],
      redirected,
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
  readonly #sessions: readonly ort.InferenceSession[];
  readonly #layout: Layout;
  readonly #resident: ReadonlySet<string>;
  readonly #kept: KeptOutputs;
  #memory: Memory | undefined;

  constructor(graph: Graph, sessions: readonly ort.InferenceSession[], layout: Layout, resident: readonly string[]) {
    this.#graph = graph;
    this.#sessions = sessions;
    this.#layout = layout;
    this.#resident = new Set(resident);
    this.#kept = new KeptOutputs(graph);
  }

  /** `own`: a memory that ends with the program. */
  use(memory: KernelMemory, own = false): void {
    const layout = this.#layout;
    this.#memory = {
      between: layout.tensors(memory),
      kernels: layout.kernels(memory),
      gates: layout.parts.map(({ cuts }) => cuts.map((cut) => layout.gate(cut, memory))),
      dispose: () => own && memory.dispose(),
    };
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    if (!this.#memory) throw new AtlasError('program: expected a memory before it is run, received none');
    const { between, kernels, gates } = this.#memory;
    const { inputs: types, outputs } = this.#graph;
    const values = new Map(between);
    for (const [name, type] of types) values.set(name, feed(name, type, inputs[name]));
    for (const name of outputs) values.set(name, this.#kept.place(name));
    const pick = (names: readonly string[]) => names.map((name) => [name, values.get(name) as ort.Tensor] as const);
    for (const [i, part] of this.#layout.parts.entries()) {
      await runInPlace(this.#sessions[i], Object.fromEntries(pick(part.inputs)), pick(part.outputs));
      for (const gate of gates[i]) {
        gate.copy?.();
        kernels[gate.redirected ? 'redirect' : 'close'](gate);
      }
    }
    return Object.fromEntries(
      pick(outputs).map(([name, tensor]) => [name, this.#resident.has(name) ? this.#kept.lend(name, tensor) : onHost(tensor)]),
    );
  }

  async dispose(): Promise<void> {
    this.#memory?.dispose();
    this.#memory = undefined;
    await Promise.all(this.#sessions.map((session) => session.release()));
  }
}

/**
 * Runs a part, which writes its outputs where the tensors are. onnxruntime-node would go on to copy each, which costs more than a gate. Its first
 * output is a sequence, though, which it has no value of JavaScript for: it says so before it copies any. Should it come to have one, this only
 * becomes slower.
 */
async function runInPlace(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
  outputs: readonly (readonly [string, ort.Tensor])[],
): Promise<void> {
  traces.leaveOut();
  try {
    const results = await session.run(feeds, { [HALT]: null, ...Object.fromEntries(outputs) });
    for (const [name] of outputs) dropCopy(results[name]);
  } catch (error) {
    if (!(error instanceof Error && /^Non tensor type/.test(error.message))) throw error;
  } finally {
    traces.putBack();
  }
}

/** Stack traces, which take as long as a small part: where an error that is expected comes from need not be found out. Programs may run at once. */
const traces = {
  running: 0,
  limit: 0,
  leaveOut(): void {
    if (this.running++ > 0) return;
    this.limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
  },
  putBack(): void {
    if (--this.running === 0) Error.stackTraceLimit = this.limit;
  },
};

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
      inputs: [gradient],
      output,
    } of cuts) {
      const own = readers.get(gradient) === 1 ? addresses.get(gradient) : undefined;
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
