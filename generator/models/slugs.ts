/** Names of layers as parts of addresses: `FeatureExtractor/MobilenetV2/expanded_conv_6/expand/Relu6` → `expanded-conv-6-expand-relu6`. */

/** No slug is longer, whatever a file names its nodes. */
export const LONGEST_SLUG = 80;

/** Parts of a TensorFlow name that say how a layer is computed, not which it is. */
const BOOKKEEPING =
  /^(BatchNorm|batchnorm(_\d+)?|mul(_\d+)?|add_1|sub|Conv2D|BiasAdd|FusedBatchNorm(V[23])?|separable_conv2d|ArithmeticOptimizer|StatefulPartitionedCall)$/;

/**
 * A slug for every name, unique among them. The same names in the same order always give the same slugs. `tidy` leaves out of a name what a
 * format's exporters put there for themselves.
 */
export function slugsOf(names: readonly string[], tidy: (name: string) => string = (name) => name): ReadonlyMap<string, string> {
  // Some converters join the names of all that they fused by semicolons; the first is the last that was fused.
  const paths = names.map((name) =>
    tidy(name.split(';')[0] || name)
      .split('/')
      .filter((part) => part !== ''),
  );
  const shared = sharedLength(paths);
  const slugs = new Map<string, string>();
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const slug = free(kebab(essence(paths[i].slice(shared))) || kebab(name) || 'layer', taken, counts);
    taken.add(slug);
    slugs.set(name, slug);
  }
  return slugs;
}

/** How many leading parts all paths have in common; the last part of a path never counts. */
function sharedLength(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths;
  let length = 0;
  while (paths.every((path) => length < path.length - 1 && path[length] === first[length]) && paths.length > 1) length++;
  return length;
}

function essence(path: readonly string[]): string {
  const kept = path
    .map((part) => part.replace(/^AddOpsRewrite_(Leaf_\d+_)?/, ''))
    .filter((part, i, parts) => !BOOKKEEPING.test(part) && part !== parts[i - 1]);
  return kept.join('-');
}

function kebab(text: string): string {
  return trim(
    text
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-'),
  );
}

function trim(text: string, length = LONGEST_SLUG): string {
  return text.replace(/^-+/, '').slice(0, length).replace(/-+$/, '');
}

/** `counts` says how far the numbers of a slug have gone: thousands of layers may have names alike. */
function free(slug: string, taken: ReadonlySet<string>, counts: Map<string, number>): string {
  let candidate = slug;
  let n = counts.get(slug) ?? 2;
  for (; taken.has(candidate); n++) candidate = `${trim(slug, LONGEST_SLUG - 1 - String(n).length)}-${n}`;
  counts.set(slug, n);
  return candidate;
}
