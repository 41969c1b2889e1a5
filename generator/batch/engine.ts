/** What a run needs of the rest of the generator, as one value: a test of the store puts a small one in its place. */
import type { Plan, RenderSettings } from '../../data/schema.ts';
import type { Layer, Model } from '../models/model.ts';
import type { OpenOptions } from '../models/open.ts';
import type { LayerRequest, Probe, Renderer } from '../render/renderer.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** The makers of models, runtimes, renderers and probes. */
export interface Engine {
  /** `pixels` says what the file does not: the range of the network's input. */
  openModel(reference: string, options?: Pick<OpenOptions, 'pixels'>): Promise<Model>;
  /** A layer by name or slug, with its shape for pictures of `size`. Throws for an unknown one. */
  findLayer(model: Model, reference: string, size: number): Layer;
  openRuntime(choice: RuntimeChoice): Promise<Runtime>;
  /** A plan's settings with a layer's own over them, every field filled in. */
  resolveSettings(plan: Plan['render'], layer?: Partial<RenderSettings>): RenderSettings;
  openRenderer(request: LayerRequest): Promise<Renderer>;
  /** About how many bytes of the process's memory a batch takes; left out where nobody knows. */
  batchMemory?(request: LayerRequest): number;
  /** About how long a step of one picture takes, in proportion to other layers; left out where nobody knows. */
  stepCost?(request: Pick<LayerRequest, 'model' | 'layer' | 'settings'>): number;
  openProbe(request: LayerRequest): Promise<Probe>;
}
