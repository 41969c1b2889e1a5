/** The command line: commands are a file each beside this one; here is what they have in common. */
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { AtlasError } from '../graph/errors.ts';
import { addBench } from './bench.ts';
import { addBuild } from './build.ts';
import { addCheck } from './check.ts';
import { addDoctor } from './doctor.ts';
import { addInit } from './init.ts';
import { Interrupted } from './interrupt.ts';
import { addLayers } from './layers.ts';
import { addMerge } from './merge.ts';
import { addModels } from './models.ts';
import { addPublish, addRetire } from './publish.ts';
import { addPull, addPush } from './push.ts';
import { addRepair } from './repair.ts';
import { addResolve } from './resolve.ts';
import { addRun } from './run.ts';
import { addStatus } from './status.ts';
import { addStudy } from './study.ts';
import { addVerify } from './verify.ts';
import { addWorker } from './worker.ts';

const WRONG_USAGE = 2;

/** Every command, ready to be parsed. */
export function makeProgram(): Command {
  const program = new Command('atlas')
    .description('An atlas of what a network’s neurons look for, beside what random directions look for.')
    .version(manifest.version)
    .showHelpAfterError('Add --help for the options.')
    .exitOverride();
  const study = [addRun, addWorker, addStatus, addMerge, addModels, addLayers, addInit, addCheck, addBench, addDoctor, addStudy];
  const site = [addBuild, addVerify, addRepair, addPublish, addRetire, addResolve, addPush, addPull];
  for (const add of [...study, ...site]) add(program);
  return program;
}

/** Runs a command line (without node and file) and gives its exit code: 0, 1 failed, 2 wrong usage, 130 stopped by the user. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await makeProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** A person's mistake is told in its own words; a bug with the place where it happened. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof AtlasError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`This is a bug; please report it with what follows.\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
