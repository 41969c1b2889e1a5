/** The recipes: Kubernetes takes the manifest, and what the manifest runs divides the plan as its Job does. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

const RECIPES = path.resolve(import.meta.dirname, '../../generator/shards');
const text = readFileSync(`${RECIPES}/kubernetes-job.yaml`, 'utf8');
const documents = loadAll(text) as [never, JobDocument, JobDocument];

interface JobDocument {
  spec: {
    completions: number;
    parallelism: number;
    template: { spec: { containers: [{ command: string[]; args: string[]; env: { name: string; value: string }[] }] } };
  };
}

describe('the manifest for Kubernetes', () => {
  it('is valid by the schemas of Kubernetes, which find a mistake', () => {
    const [claim, shards, merge] = documents;
    new PersistentVolumeClaim(claim).validate();
    for (const job of [shards, merge]) new Job(job as never).validate();
    const wrong = structuredClone(shards) as unknown as { spec: Record<string, unknown> };
    wrong.spec.completions = 'eight';
    expect(() => new Job(wrong as never).validate()).toThrow('completions');
  });

  it('has as many shards as pods, and gives each its own, counted from 1', () => {
    const [, { spec }] = documents;
    const [container] = spec.template.spec.containers;
    expect(container.env.find(({ name }) => name === 'SHARDS')?.value).toBe(String(spec.completions));
    const told = Array.from({ length: spec.completions }, (_, i) => run(container, { JOB_COMPLETION_INDEX: String(i) }));
    expect(told).toEqual(
      Array.from(
        { length: spec.completions },
        (_, i) => `generator/cli.ts run data/plans/default.json --shard ${i + 1}/${spec.completions} --threads 2`,
      ),
    );
  });

  it('merges exactly the stores of its shards', () => {
    const [, , { spec }] = documents;
    const stores = Array.from({ length: 8 }, (_, i) => `data/shards/any/${i + 1}-of-8`);
    expect(run(spec.template.spec.containers[0], {}, [...stores, 'data/shards/any/1-of-4'])).toBe(
      `generator/cli.ts merge ${stores.join(' ')}\ngenerator/cli.ts run data/plans/default.json`,
    );
  });
});

/** What a container's command calls Node with, where Node writes down its arguments; stores are folders that are there. */
function run(
  { command, args, env }: JobDocument['spec']['template']['spec']['containers'][0],
  more: Record<string, string>,
  stores: string[] = [],
): string {
  const folder = temporaryFolder('pod');
  for (const made of [...stores, 'node_modules/.bin']) mkdirSync(`${folder}/${made}`, { recursive: true });
  writeFileSync(`${folder}/node_modules/.bin/node`, '#!/bin/sh\nif [ "$1" = -p ]; then echo any; else echo "$@"; fi\n');
  chmodSync(`${folder}/node_modules/.bin/node`, 0o755);
  const [program, ...options] = command;
  return execFileSync(program, [...options, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...Object.fromEntries(env.map(({ name, value }) => [name, value])), ...more },
  }).trim();
}
