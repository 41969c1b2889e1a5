#!/usr/bin/env node
/** `atlas`: the command line. Commands live in cli/, a file each; here is what they have in common. */
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addBench } from './cli/bench.ts';
import { addBuild } from './cli/build.ts';
import { addCheck } from './cli/check.ts';
import { addDoctor } from './cli/doctor.ts';
import { addInit } from './cli/init.ts';
import { Interrupted } from './cli/interrupt.ts';
import { addLayers } from './cli/layers.ts';
import { addMerge } from './cli/merge.ts';
import { addModels } from './cli/models.ts';
import { addPublish, addRetire } from './cli/publish.ts';
import { addPull, addPush } from './cli/push.ts';
import { addRepair } from './cli/repair.ts';
import { addResolve } from './cli/resolve.ts';
import { addRun } from './cli/run.ts';
import { addStatus } from './cli/status.ts';
import { addStudy } from './cli/study.ts';
import { addVerify } from './cli/verify.ts';
import { addWorker } from './cli/worker.ts';
import { AtlasError } from './graph/errors.ts';

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

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
