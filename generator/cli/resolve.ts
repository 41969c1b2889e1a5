/** `atlas resolve`: where an old address leads now. */
import type { Command } from 'commander';
import { type Resolution, resolveAddress } from '../publish/resolve.ts';
import { atlasesFolder, ledgerFile } from './places.ts';

export function addResolve(program: Command): void {
  program
    .command('resolve')
    .description('says where an address leads now: ours, one of OpenAI Microscope’s, or one of Distill’s appendix')
    .argument('<address>', 'with or without its host: net/layer/channel-42/edition-1/, inceptionv1/mixed4c_0/447')
    .option('--json', 'print JSON')
    .action(async (address: string, { json }: { json?: boolean }) => {
      const atlases = atlasesFolder();
      const found = await resolveAddress(address, atlases, ledgerFile(atlases));
      process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : describeResolution(found));
      if (found.status === 'unknown') process.exitCode = 1;
    });
}

/** What a person reads. */
export function describeResolution(found: Resolution): string {
  const { status, address, chain, editions, edition, why, when, instead, note, nearest } = found;
  const told: Record<Resolution['status'], string> = {
    published: `${address}  published`,
    unpublished: `${address}  in the atlas, not published yet`,
    edition: `${address}  edition ${edition}, which does not change`,
    redirect: `${chain.join(' → ')}  moved on ${when}: ${why}`,
    tombstone: `${address}  gone since ${when}: ${why}`,
    unknown: 'No such address was ever published.',
  };
  const lines = [
    told[status],
    editions.length > 0 ? `editions: ${editions.map((one) => `${one.edition} (${one.when})`).join(', ')}` : '',
    instead ? `in its place: ${instead}` : '',
    note ?? '',
    nearest.length > 0 ? `nearest: ${nearest.join(', ')}` : '',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
