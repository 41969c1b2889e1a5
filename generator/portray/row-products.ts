/** A·Bᵀ of blocks of rows, by the runtime: what responses and likenesses are computed with. */
import { GraphBuilder } from '../graph/builder.ts';
import { float32 } from '../graph/tensor.ts';
import { compileForHost, readOutput, releaseOutputs } from '../measure/passes/read-output.ts';
import type { Program, Runtime } from '../runtime/runtime.ts';

/** Rows to a block. Of 6,000 numbers each, a block is 12 MB. */
export const BLOCK = 512;

/** A compiled product. */
export class RowProducts {
  readonly #program: Program;
  readonly #dimension: number;
  readonly #a: ReturnType<typeof float32>;
  readonly #b: ReturnType<typeof float32>;

  private constructor(program: Program, dimension: number) {
    this.#program = program;
    this.#dimension = dimension;
    this.#a = float32([BLOCK, dimension], new Float32Array(BLOCK * dimension));
    this.#b = float32([BLOCK, dimension], new Float32Array(BLOCK * dimension));
  }

  static async open(runtime: Runtime, dimension: number): Promise<RowProducts> {
    const builder = new GraphBuilder();
    builder.input('a', { dtype: 'float32', shape: [BLOCK, dimension] });
    builder.input('b', { dtype: 'float32', shape: [BLOCK, dimension] });
    const product = builder.add('Gemm', ['a', 'b'], { alpha: 1, beta: 0, transA: 0, transB: 1 }, { outputs: ['product'] });
    return new RowProducts(await compileForHost(runtime, builder.build([product])), dimension);
  }

  /**
   * Calls `take` with the products of at most {@link BLOCK} rows of each, `[BLOCK,BLOCK]`: row r of `a` times row c of `b` is at r·BLOCK + c, and what
   * lies past the rows given is to be left alone. It is valid during the call.
   */
  async multiply(a: Float32Array, b: Float32Array, take: (product: Float32Array) => void): Promise<void> {
    this.#a.data.set(a);
    this.#b.data.set(b);
    const outputs = await this.#program.run({ a: this.#a, b: this.#b });
    take(await readOutput(outputs, 'product'));
    releaseOutputs(outputs);
  }

  /** Rows `from` to `until` − 1 of a table. */
  rows(table: Float32Array, from: number, until: number): Float32Array {
    return table.subarray(from * this.#dimension, until * this.#dimension);
  }

  dispose(): Promise<void> {
    return this.#program.dispose();
  }
}
