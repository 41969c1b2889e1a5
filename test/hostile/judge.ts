/** What becomes of a hostile file: a model that works, one clear error, or something that must not be. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitPhases } from '../../generator/compile/phase-split.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { AtlasError } from '../../generator/graph/errors.ts';
import { INPUT, type Layer, type Model } from '../../generator/models/model.ts';
import { openModel } from '../../generator/models/open.ts';
import type { Dice } from './dice.ts';
import type { Case } from './fuzz.ts';

/**
 * `model`: it opened, listed layers and gave graphs with gradients; `partly`: some of those were refused, clearly; `refused`: it did not open. Where
 * what opens is run too, `ran`, or `failed` with one clear error.
 */
export type Kind = 'model' | 'partly' | 'refused' | 'ran' | 'failed' | 'wrong';

/** What is done with a model whose layers and gradients were asked for. */
type Then = (model: Model) => Promise<Verdict>;

export interface Verdict {
  readonly kind: Kind;
  /** The error's text, or what is wrong. */
  readonly says: string;
}

/** Two lines: place, expected, received; what to do. */
const HOUSE_FORM = /^[^\n]+: expected [^\n]+ for [^\n]+, received [^\n]+\n[^\n]+$/;
const LONGEST = 1500;

/** What is wrong with an error, if anything. */
export function wrongWith(error: unknown): string | undefined {
  const denied = causesOf(error).find((cause) => cause.code === 'ERR_ACCESS_DENIED');
  if (denied) return `it reached out of its folder: ${denied.message}`;
  if (!(error instanceof AtlasError)) return `${error instanceof Error ? error.stack : String(error)}`;
  if (!HOUSE_FORM.test(error.message)) return `not in the form of the house: ${JSON.stringify(error.message.slice(0, LONGEST))}`;
  if (error.message.length > LONGEST) return `${error.message.length} characters: ${error.message.slice(0, 300)}`;
  if (/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u.test(error.message.replace('\n', '')))
    return `control characters: ${JSON.stringify(error.message)}`;
  return undefined;
}

function causesOf(error: unknown): (Error & { code?: unknown })[] {
  const found: Error[] = [];
  for (let at = error; at instanceof Error && found.length < 20; at = at.cause) found.push(at);
  return found;
}

/** Opens a case's file as a user's command would. */
export async function judge({ original, bytes, dice }: Case, then?: Then): Promise<Verdict> {
  const file = join(original.folder, original.file);
  writeFileSync(file, bytes);
  return judgeFile(file, dice, then);
}

/** Opens a file and asks it for everything. */
export async function judgeFile(file: string, dice: Dice, then?: Then): Promise<Verdict> {
  let model: Model;
  try {
    model = await openModel(file);
  } catch (error) {
    return judged('refused', error);
  }
  const verdict = ask(model, dice);
  return then && (verdict.kind === 'model' || verdict.kind === 'partly') ? then(model) : verdict;
}

function judged(kind: Kind, error: unknown): Verdict {
  const wrong = wrongWith(error);
  return wrong === undefined ? { kind, says: (error as Error).message } : { kind: 'wrong', says: wrong };
}

/** Layers at two sizes, then graphs with gradients for the last layer and some others. */
function ask(model: Model, dice: Dice): Verdict {
  let layers: readonly Layer[];
  try {
    // Without a layer it is as good as not opened.
    layers = model.layers();
    const odd = oddLayer(layers);
    if (odd) return { kind: 'wrong', says: `a layer that cannot be: ${JSON.stringify(odd)}` };
    model.layers(dice.pick([1, 7, 64, 97]));
  } catch (error) {
    return judged('refused', error);
  }
  let verdict: Verdict = { kind: 'model', says: `${layers.length} layers` };
  if (layers.length === 0) return { kind: 'wrong', says: 'it opened without a layer' };
  for (const layer of [layers.at(-1) ?? layers[0], dice.pick(layers), dice.pick(layers)]) {
    for (const size of [model.size, dice.pick([32, 65])]) {
      try {
        gradientOf(model, layer, dice.pick([1, 1, 3]), size);
      } catch (error) {
        const found = judged('partly', error);
        if (found.kind === 'wrong') return found;
        if (verdict.kind === 'model') verdict = { kind: found.kind, says: `${layer.name.slice(0, 50)} at ${size}: ${found.says}` };
      }
    }
  }
  return verdict;
}

function oddLayer(layers: readonly Layer[]): Layer | undefined {
  const slugs = new Set(layers.map(({ slug }) => slug));
  if (slugs.size !== layers.length) return layers[0];
  return layers.find(
    ({ slug, shape, receptiveField, stride }) =>
      !/^[a-z0-9-]{1,80}$/.test(slug) || [...shape, receptiveField, stride].some((extent) => !(Number.isFinite(extent) && extent >= 1)),
  );
}

/** The graph up to a layer and back to the image, as a renderer would compile it. */
function gradientOf(model: Model, { name }: Layer, batch: number, size: number): void {
  const graph = model.graph({ layers: [name], batch, height: size, width: size });
  const shape = graph.types.get(name)?.shape;
  if (shape?.length !== 4 || shape[0] !== batch) throw new Error(`the layer ${name} has shape [${shape}] for a batch of ${batch}`);
  const builder = GraphBuilder.from(splitPhases(graph));
  const gradient = differentiate(builder, name, INPUT);
  const [made, input] = [builder.shape(gradient), builder.shape(INPUT)];
  if (made.join() !== input.join()) throw new Error(`the gradient has shape [${made}], the input [${input}]`);
  builder.build([gradient]);
}
