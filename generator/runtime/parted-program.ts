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
import { AtlasError } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import { allotted, type GateKernels, type GatePlace, openGateKernels, placeGates } from '../wasm/gate.ts';
import { KernelMemory, Places } from '../wasm/memory.ts';
import { dropCopy, feed, KeptOutputs, onHost } from './ort-values.ts';
import type { CompileOptions, Program, Value } from './runtime.ts';

type SessionOptions = ort.InferenceSession.SessionOptions;

/** A part ready to run. */
interface Step {
  readonly session: ort.InferenceSession;
  readonly part: Part;
  readonly gates: readonly Gate[];
}

/** A gate after a part. */
interface Gate extends GatePlace {
  readonly redirected: boolean;
}

/** Compiles a program for a processor. `options` are for a session that optimises. Throws where a gate is gone from what the optimiser wrote. */
export async function compileParted(
  { graph, gates }: GatedGraph,
  options: SessionOptions,
  { resident = [] }: Pick<CompileOptions, 'resident'> = {},
): Promise<Program> {
  const parts = cutOnnx(await optimised(writeOnnx(graph), options), new Set(gates.keys()));
  const shapes = new Map([...graph.inputs].map(([name, { shape }]) => [name, shape]));
  const sessions: ort.InferenceSession[] = [];
  try {
    for (const part of parts) {
      const session = await ort.InferenceSession.create(part.write(shapes), { ...options, graphOptimizationLevel: 'disabled' });
      sessions.push(session);
      for (const [name, shape] of shapesOf(session)) shapes.set(name, shape);
      for (const { inputs, output } of part.cuts) shapes.set(output, shapeOf(shapes, inputs[0]));
    }
    return new PartedProgram(graph, gates, parts, sessions, shapes, resident);
  } catch (error) {
    await Promise.all(sessions.map((session) => session.release()));
    throw error;
  }
}

/** The file that onnxruntime's optimiser makes of another, for this processor. */
async function optimised(file: Uint8Array, options: SessionOptions): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'basis-atlas-'));
  try {
    const path = join(folder, 'optimised.onnx');
    const session = await ort.InferenceSession.create(file, { ...options, optimizedModelFilePath: path });
    await session.release();
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function shapesOf({ outputMetadata }: ort.InferenceSession): [string, readonly number[]][] {
  return outputMetadata.flatMap((value) => {
    if (!value.isTensor) return [];
    const { name, type, shape } = value;
    if (type !== 'float32' || !shape.every((extent) => typeof extent === 'number'))
      throw new AtlasError(`program: expected float32 values of known shape between its parts, received ${type} [${shape}] for ${name}`);
    return [[name, shape as number[]]];
  });
}

function shapeOf(shapes: ReadonlyMap<string, readonly number[]>, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (!shape) throw new AtlasError(`program: expected a part that makes "${name}", found none`);
  return shape;
}

class PartedProgram implements Program {
  readonly #graph: Graph;
  readonly #resident: ReadonlySet<string>;
  readonly #kept: KeptOutputs;
  readonly #memory: KernelMemory;
  readonly #kernels: GateKernels;
  readonly #steps: readonly Step[];
  /** What lies in the memory: values between parts. */
  readonly #between: ReadonlyMap<string, ort.Tensor>;

  constructor(
    graph: Graph,
    gates: Gates,
    parts: readonly Part[],
    sessions: readonly ort.InferenceSession[],
    shapes: ReadonlyMap<string, readonly number[]>,
    resident: readonly string[],
  ) {
    this.#graph = graph;
    this.#resident = new Set(resident);
    this.#kept = new KeptOutputs(graph);
    const places = new Places();
    const limits = [...new Set([...gates.values()].map(({ limit }) => limit))];
    const limitPlace = places.take(allotted(limits.length));
    const kernelPlace = placeGates(places);
    const outside = new Set([...graph.inputs.keys(), ...graph.outputs]);
    const addresses = placeValues(parts, outside, (name) => sizeOf(shapeOf(shapes, name)), places);
    this.#memory = new KernelMemory(places);
    this.#memory.floats(limitPlace, limits.length).set(limits);
    this.#kernels = openGateKernels(kernelPlace, this.#memory);
    this.#between = new Map(
      [...addresses].map(([name, address]) => {
        const shape = shapeOf(shapes, name);
        return [name, new ort.Tensor('float32', this.#memory.floats(address, sizeOf(shape)), [...shape])];
      }),
    );
    const address = (name: string) => {
      const place = addresses.get(name);
      if (place === undefined) throw new AtlasError(`program: expected "${name}" between its parts, found it nowhere`);
      return place;
    };
    const gateOf = ({ name, inputs: [gradient, value], output }: Cut): Gate => {
      const [shape, other] = [gradient, value].map((input) => shapeOf(shapes, input));
      if (String(shape) !== String(other))
        throw new AtlasError(`program: expected a gate's values of one shape, received [${shape}] and [${other}]`);
      if (address(output) !== address(gradient))
        throw new AtlasError(`program: expected "${gradient}" for its gate alone, found other readers`);
      const { limit, redirected } = gates.get(name) ?? { limit: 0, redirected: false };
      return {
        gradient: address(gradient),
        value: address(value),
        limit: limitPlace + Float32Array.BYTES_PER_ELEMENT * limits.indexOf(limit),
        numbers: sizeOf(shape),
        pictures: shape[0],
        redirected,
      };
    };
    this.#steps = parts.map((part, i) => ({ session: sessions[i], part, gates: part.cuts.map(gateOf) }));
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    const { inputs: types, outputs } = this.#graph;
    const values = new Map(this.#between);
    for (const [name, type] of types) values.set(name, feed(name, type, inputs[name]));
    for (const name of outputs) values.set(name, this.#kept.place(name));
    const pick = (names: readonly string[]) => names.map((name) => [name, values.get(name) as ort.Tensor] as const);
    for (const { session, part, gates } of this.#steps) {
      await runInPlace(session, Object.fromEntries(pick(part.inputs)), pick(part.outputs));
      for (const gate of gates) this.#kernels[gate.redirected ? 'redirect' : 'close'](gate);
    }
    return Object.fromEntries(
      pick(outputs).map(([name, tensor]) => [name, this.#resident.has(name) ? this.#kept.lend(name, tensor) : onHost(tensor)]),
    );
  }

  async dispose(): Promise<void> {
    this.#memory.dispose();
    await Promise.all(this.#steps.map(({ session }) => session.release()));
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
  const { stackTraceLimit } = Error;
  try {
    // Where an error comes from that is expected need not be found out.
    Error.stackTraceLimit = 0;
    const results = await session.run(feeds, { [HALT]: null, ...Object.fromEntries(outputs) });
    for (const [name] of outputs) dropCopy(results[name]);
  } catch (error) {
    if (!(error instanceof Error && /^Non tensor type/.test(error.message))) throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Addresses of what parts hand on to cuts and to each other, but for what lies `outside`. A place is used again once its value has been read for
 * the last time, so that what was just written is still in the cache; a gate's output takes its gradient's.
 */
function placeValues(
  parts: readonly Part[],
  outside: ReadonlySet<string>,
  numbersOf: (name: string) => number,
  places: Places,
): Map<string, number> {
  const lastRead = new Map<string, number>();
  const readers = new Map<string, number>();
  for (const [i, { inputs, cuts }] of parts.entries())
    for (const name of [...inputs, ...cuts.flatMap((cut) => cut.inputs)]) {
      lastRead.set(name, i);
      readers.set(name, (readers.get(name) ?? 0) + 1);
    }
  const addresses = new Map<string, number>();
  const free: { address: number; numbers: number }[] = [];
  const take = (numbers: number) => {
    const fitting = free.filter((place) => place.numbers >= numbers).sort((a, b) => a.numbers - b.numbers)[0];
    if (!fitting) return places.take(numbers);
    const { address } = fitting;
    fitting.address += Float32Array.BYTES_PER_ELEMENT * numbers;
    fitting.numbers -= numbers;
    return address;
  };
  for (const [i, { outputs, cuts }] of parts.entries()) {
    const place = (name: string) => {
      if (!outside.has(name)) addresses.set(name, take(allotted(numbersOf(name))));
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
      if (lastRead.get(name) === i && !handedOn.has(name)) free.push({ address, numbers: allotted(numbersOf(name)) });
  }
  return addresses;
}
