/** What a check of a study finds. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPAIR } from '../../../generator/batch/finding.ts';
import { checkStudy } from '../../../generator/compare/study/check-study.ts';
import { makeFixture } from './make-fixture.ts';

test('a study as it was made is sound, with its key or without; what is lost, altered, added or swapped is named', async () => {
  const data = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  const { folder, study } = await makeFixture(data, { sessions: 1 });
  const key = await readFile(join(folder, 'study-key.json'), 'utf8');
  expect(await checkStudy(folder)).toEqual([]);
  await rm(join(folder, 'study-key.json'));
  expect(await checkStudy(folder)).toEqual([]);

  const [lost, altered] = study.trials[0].explanation.map((hash) => `study/${hash}.webp`);
  await rm(join(folder, lost));
  await writeFile(join(folder, altered), 'no picture');
  await writeFile(join(folder, 'study/more.webp'), '');
  await writeFile(join(folder, 'study-key.json'), key.replace('"left"', '"right"'));
  const findings = await checkStudy(folder);
  expect(findings).toHaveLength(4);
  expect(findings).toEqual(
    expect.arrayContaining([
      { file: 'study-key.json', problem: 'is not the key that study.json was published with', repair: REPAIR.restore },
      { file: lost, problem: 'is missing, though a trial shows it', repair: REPAIR.restore },
      { file: altered, problem: expect.stringMatching(/^was altered: its hash is [0-9a-f]{64}$/), repair: REPAIR.restore },
      { file: 'study/more.webp', problem: 'is shown by no trial', repair: REPAIR.remove },
    ]),
  );

  await writeFile(join(folder, 'study.json'), '{"schema":');
  expect(await checkStudy(folder)).toMatchObject([{ file: 'study.json', problem: expect.stringContaining('JSON') }]);
  await rm(join(folder, 'study.json'));
  expect(await checkStudy(folder)).toMatchObject([{ file: 'study.json', problem: expect.stringContaining('is missing') }]);
  await rm(data, { recursive: true });
});
