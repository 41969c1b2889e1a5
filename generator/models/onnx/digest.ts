/** Naming a model by its contents, so that its random directions and its renders belong to these numbers and no others. */
import { createHash } from 'node:crypto';
import type { FileNode } from './file-nodes.ts';
import type { GraphProto } from './messages.ts';
import type { Source } from './source.ts';
import { type Constant, dtypeOf } from './tensors.ts';

/** Hex SHA-256 over the nodes in order, then over every weight as numbers (not as stored), in order of their names. */
export function digest(source: Source): string {
  const hash = createHash('sha256');
  const tensors: (readonly [string, Constant])[] = [...source.initializers()];
  const note = (nodes: readonly FileNode[], scope: string) => {
    for (const [i, { op, domain, inputs, outputs, attributes }] of nodes.entries()) {
      const own = [...attributes.values()].map(({ name, f, i: integer, s, floats, ints, strings }) => [
        name,
        f,
        integer,
        s,
        floats,
        ints,
        strings,
      ]);
      hash.update(`${JSON.stringify([scope, op, domain, inputs, outputs, own.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))])}\n`);
      for (const { name, t, g } of attributes.values()) {
        // Texts and the like are on no way to a layer; on one, whoever reads them says that they cannot be read.
        if (t && dtypeOf(t.dataType)) tensors.push([`${scope}${outputs[0] ?? i}.${name}`, source.tensor(t)]);
        if (g) branch(g, `${scope}${outputs[0] ?? i}.${name}/`);
      }
    }
  };
  const branch = (graph: GraphProto, scope: string) => {
    const { nodes, initializers } = source.branch(graph);
    for (const [name, t] of initializers) if (dtypeOf(t.dataType)) tensors.push([`${scope}${name}`, source.tensor(t)]);
    note(nodes, scope);
  };
  note(source.nodes, '');
  for (const [name, { dtype, shape, data }] of tensors.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
