/** What a file of directions holds, as a hash. */
import { readFile } from 'node:fs/promises';
import { sha256 } from '../../batch/canonical.ts';
import { fault, reason } from '../../graph/errors.ts';

/** SHA-256 of the file. Throws for one that cannot be read. */
export async function fileSha256(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fault({
      where: file,
      expected: 'a file that can be read',
      name: 'the directions',
      received: reason(cause),
      remedy: 'Correct "compare.directions" in the plan.',
      exitCode: 2,
      cause,
    });
  });
  return sha256(bytes);
}
