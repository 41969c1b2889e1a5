#!/usr/bin/env node
/** `atlas`: the command line, in cli/. What was compiled once is kept among the system's temporary files: a command starts in half the time. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { main } = await import('./cli/program.ts');
process.exitCode = await main(process.argv.slice(2));
