/** An atlas with every kind of file that a store may hold: rendered, compared, portrayed, studied, rated and published, on the planted network. */
import { readFile, writeFile } from 'node:fs/promises';
import { studyKey as studyKeySchema, study as studySchema } from '../../data/schema.ts';
import { takeRatings } from '../../generator/cli/ratings.ts';
import { releaseKey } from '../../generator/compare/study/release-key.ts';
import { publish } from '../../generator/publish/publish.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from '../compare/planted-network.ts';
import { rate, withChecksum } from '../compare/study/rate.ts';
import { atlas } from '../end-to-end/command.ts';
import { temporaryFolder } from '../temporary.ts';

export interface WholeAtlas {
  readonly root: string;
  readonly plan: string;
  /** root/atlases/planted */
  readonly store: string;
  readonly ledger: string;
}

/** Makes it with the commands that a person gives, which takes a minute. */
export async function makeWholeAtlas(): Promise<WholeAtlas> {
  const root = temporaryFolder('whole');
  const [plan, store, ledger] = [`${root}/plan.json`, `${root}/atlases/planted`, `${root}/atlases/ledger.jsonl`];
  const model = await writePlantedNetwork(`${root}/net.onnx`);
  const compare = { images: { folder: await writeImages(`${root}/images`, 200), publish: true }, frames: 19 };
  const told = plantedPlan(
    model,
    ['bank-relu', { layer: 'turned', units: [{ id: 'pair', joint: [{ channel: 0 }, { channel: 1 }] }] }],
    compare,
  );
  const counts = { arms: { basis: 'every' as const, random: 16 }, seeds: { count: 3, subset: 16 }, diverse: { count: 2, subset: 1 } };
  await writeFile(plan, JSON.stringify({ ...told, ...counts, render: { size: 32, steps: 2 } }));
  const commands = [['render'], ['compare'], ['portray'], ['study', '--sessions', '1']];
  for (const [command, ...more] of commands) {
    const threads = command === 'study' ? [] : ['--threads', '1'];
    const { code, stderr } = await atlas(command, plan, '--out', store, ...threads, ...more);
    if (code !== 0) throw new Error(`atlas ${command}: ${stderr}`);
  }
  const study = studySchema.parse(JSON.parse(await readFile(`${store}/study.json`, 'utf8')));
  const key = studyKeySchema.parse(JSON.parse(await readFile(`${store}/study-key.json`, 'utf8')));
  const answers = await rate({ folder: store, directions: [], study, key }, 1, 1);
  await writeFile(`${root}/ratings.json`, JSON.stringify(withChecksum({ ...answers, atlas: 'planted' })));
  await takeRatings({ folder: store, ratings: [`${root}/ratings.json`] });
  await releaseKey(store);
  await publish({ store, ledger, today: '2026-01-02' });
  return { root, plan, store, ledger };
}
