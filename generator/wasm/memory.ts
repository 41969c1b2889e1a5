/** Memory of loops in WebAssembly. */
import { AtlasError } from '../graph/errors.ts';

const PAGE = 2 ** 16;
const FLOAT = 4;
/** What 32-bit addresses reach. */
const MOST_PAGES = 2 ** 16;

/** Gives out places in a memory that does not grow: growing would take the arrays over it from whoever holds them. */
export class Places {
  #end = 0;

  /** The address of so many 32-bit numbers, at a multiple of 16. */
  take(numbers: number): number {
    const start = this.#end;
    this.#end += 16 * Math.ceil((numbers * FLOAT) / 16);
    return start;
  }

  get pages(): number {
    return Math.ceil(this.#end / PAGE);
  }
}

/** A memory that holds all of some places, at first zeros. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  #held = true;

  /** Throws where there is no memory, or more than WebAssembly has: for a smaller batch there may be. */
  constructor({ pages }: Places) {
    if (pages > MOST_PAGES)
      throw new AtlasError(`render: could not allocate memory for the batch: it takes ${pages / 16} MiB, of ${MOST_PAGES / 16} at most`);
    const memory = IDLE.pop();
    this.memory = memory ?? new WebAssembly.Memory({ initial: pages });
    if (!memory) return;
    const lacking = pages - memory.buffer.byteLength / PAGE;
    if (lacking > 0) memory.grow(lacking);
    new Uint8Array(memory.buffer).fill(0);
  }

  floats(start: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer as ArrayBuffer, start, length);
  }

  integers(start: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer as ArrayBuffer, start, length);
  }

  /** Where an array begins that lies in this memory; `undefined` for any other. */
  addressOf({ buffer, byteOffset }: Float32Array): number | undefined {
    return buffer === this.memory.buffer ? byteOffset : undefined;
  }

  /** Gives the memory back; no array over it may be used afterwards. */
  dispose(): void {
    if (this.#held) IDLE.push(this.memory);
    this.#held = false;
  }
}

/**
 * Memories that nobody holds. V8 reserves some eight gigabytes of addresses for each, until it gets round to collecting it: under a limit of
 * addresses a second would be refused.
 */
const IDLE: WebAssembly.Memory[] = [];
