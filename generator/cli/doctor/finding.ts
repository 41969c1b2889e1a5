/** One line of `atlas doctor`. */

export interface Finding {
  readonly area: 'system' | 'processor' | 'graphics' | 'TensorFlow.js' | 'storage';
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'broken';
  readonly detail: string;
  /** A command, or a sentence, that mends it. */
  readonly remedy?: string;
  /** Nothing renders without it. */
  readonly essential?: true;
}

type Rest = Pick<Finding, 'remedy' | 'essential'>;

/** Findings of an area, made short. */
export function findings(area: Finding['area']) {
  return (name: string, state: Finding['state'], detail: string, rest: Rest = {}): Finding => ({ area, name, state, detail, ...rest });
}
