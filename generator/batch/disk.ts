/** Writing so that neither a kill, a power cut nor a full disk leaves half a file. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { AtlasError, fault, reason } from '../graph/errors.ts';

/** The calls that change a disk; a test puts failing ones in their place. */
export type Disk = Pick<typeof fs, 'open' | 'rename' | 'rm' | 'mkdir' | 'truncate'>;

/** The suffix of files that are not finished; left behind only by a kill, and removed by the next run. */
export const TEMPORARY = '.tmp';

/** A folder written to durably. Paths are relative to it. Every error is an AtlasError that says what to do. */
export class DurableFolder {
  readonly path: string;
  readonly #disk: Disk;

  constructor(folder: string, disk: Disk = fs) {
    this.path = folder;
    this.#disk = disk;
  }

  /** Where a file of this folder is. */
  resolve(relative: string): string {
    return path.join(this.path, relative);
  }

  /** Makes the folder itself and what lies above it. */
  async create(): Promise<void> {
    await this.#guarded('.', () => this.#disk.mkdir(this.path, { recursive: true }));
  }

  /** Writes a whole file: beside it, flushed, renamed, the folder flushed. Readers see the old file or the new one. Where the data come piece by piece and fail, nothing is written. */
  async replace(relative: string, data: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<void> {
    const target = this.resolve(relative);
    const temporary = `${target}.${process.pid}${TEMPORARY}`;
    await this.#guarded(relative, async () => {
      try {
        await this.#disk.mkdir(path.dirname(target), { recursive: true });
        await this.#write(temporary, 'w', data);
        await this.#disk.rename(temporary, target);
      } catch (error) {
        await this.#disk.rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
      await this.#flushFolder(path.dirname(target));
    });
  }

  /** Adds text to the end of a file of `length` bytes, flushed. On an error the file is cut back to its length. Returns the new length. */
  async append(relative: string, length: number, text: string): Promise<number> {
    const target = this.resolve(relative);
    await this.#guarded(relative, async () => {
      try {
        await this.#disk.mkdir(path.dirname(target), { recursive: true });
        await this.#write(target, 'a', text);
      } catch (error) {
        await this.#disk.truncate(target, length).catch(() => undefined);
        throw error;
      }
      if (length === 0) await this.#flushFolder(path.dirname(target));
    });
    return length + Buffer.byteLength(text);
  }

  /** Cuts a file back to its first `length` bytes. */
  async truncate(relative: string, length: number): Promise<void> {
    await this.#guarded(relative, () => this.#disk.truncate(this.resolve(relative), length));
  }

  /** Removes a file, if it is there. */
  async remove(relative: string): Promise<void> {
    await this.#guarded(relative, () => this.#disk.rm(this.resolve(relative), { force: true }));
  }

  async #write(file: string, flags: 'w' | 'a', data: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<void> {
    const handle = await this.#disk.open(file, flags);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Makes a rename last. Not every system lets a folder be opened; those that do not need no flush. */
  async #flushFolder(folder: string): Promise<void> {
    const handle = await this.#disk.open(folder, 'r').catch(() => undefined);
    if (!handle) return;
    await handle.sync().catch(() => undefined);
    await handle.close();
  }

  async #guarded(relative: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The source of the data speaks for itself.
      if (error instanceof AtlasError) throw error;
      throw writeFault(this.path, relative, error);
    }
  }
}

function writeFault(folder: string, relative: string, error: unknown): AtlasError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const base = { where: folder, name: relative, received: reason(error), cause: error };
  const again = 'run the same command again: nothing that was finished is lost.';
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
    return fault({ ...base, expected: 'room on the disk', remedy: `Free some space and ${again}` });
  if (['EROFS', 'EACCES', 'EPERM'].includes(code))
    return fault({
      ...base,
      expected: 'permission to write',
      remedy: `Make the folder writable, or choose another with --out, and ${again}`,
    });
  return fault({ ...base, expected: 'a disk that takes the file', remedy: `See to the disk and ${again}` });
}
