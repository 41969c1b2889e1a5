/** What carries out optimisation steps: on the host or on a device, for the loop the same. */

import type { RenderSettings } from '../../data/schema.ts';
import { AtlasError } from '../graph/errors.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
import type { Resident, Value } from '../runtime/runtime.ts';
import { STATE } from './adam.ts';
import { objectiveNames } from './objective/score.ts';
import { objectiveMask } from './objective.ts';
import { parameterShape, startParameters } from './parameterisation.ts';
import type { LayerRequest, RenderJob } from './renderer.ts';

/** A batch being optimised. */
export interface Stepper {
  /** Sets a new batch up; at most as many jobs as the programs were compiled for. */
  start(jobs: readonly RenderJob[]): Promise<void>;
  /** One step; returns the score of every job before it, on the transformed picture. */
  step(step: number): Promise<Float32Array>;
  /** The jobs' pictures as they are now, `[jobs,channels,size,size]` in (0,1), alpha last where they have it. */
  images(): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** The settings with every layer that they mention by its name, a slug being as good in a plan. */
export function withLayerNames({ model, settings }: Pick<LayerRequest, 'model' | 'settings'>): RenderSettings {
  const { group, penalties } = settings;
  const name = <T extends { layer?: string | undefined }>(owner: T): T =>
    owner.layer === undefined ? owner : { ...owner, layer: findLayer(model, owner.layer, settings.size).name };
  return {
    ...settings,
    ...(group ? { group: name(group) } : {}),
    ...(penalties ? { penalties: penalties.map((penalty) => ('layer' in penalty ? name(penalty) : penalty)) } : {}),
  };
}

/** The state of a new batch: parameters from each job's own start, moments at zero. Places beyond the jobs stay at zero. */
export function startState(
  jobs: readonly RenderJob[],
  settings: RenderSettings,
  batch: number,
  colours: number,
): Record<keyof typeof STATE, Tensor> {
  const shape = parameterShape(batch, settings, colours);
  const zeros = () => float32(shape, new Float32Array(shape.reduce((product, extent) => product * extent, 1)));
  const parameters = zeros();
  const stride = parameters.data.length / batch;
  for (const [b, job] of jobs.entries()) parameters.data.set(startParameters(job.unit, job.seed, settings, colours), b * stride);
  return { parameters, first: zeros(), second: zeros() };
}

/** D and M for a batch, of the layer rendered and of every further one; `shapes` are the layers' on the canvas, `[C,h,w]`. */
export function objectiveInputs(
  jobs: readonly RenderJob[],
  settings: RenderSettings,
  batch: number,
  shapes: readonly (readonly number[])[],
): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  if (settings.objective === 'caricature') return inputs;
  for (const [i, [channels, height, width]] of shapes.entries()) {
    const directions = new Float32Array(batch * channels);
    for (const [b, job] of jobs.entries()) {
      const direction = i === 0 ? job.direction : job.others?.[i - 1];
      if (direction && direction.length !== channels)
        throw new AtlasError(`render: expected a direction of ${channels} channels for ${job.unit}, received ${direction.length}`);
      directions.set(direction ?? [], b * channels);
    }
    const names = objectiveNames(i);
    inputs[names.directions] = float32([batch, channels], directions);
    inputs[names.mask] = objectiveMask(settings, height, width);
  }
  return inputs;
}

/** Takes the next state out of a step's outputs; the old one is freed where it lives on a device. */
export function nextState(outputs: Record<string, Value>, before: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(STATE).map(([name, output]) => {
      const old = before[name];
      if ('resident' in old) (old as Resident).dispose();
      return [name, outputs[output]];
    }),
  );
}
