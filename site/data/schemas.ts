/** The published JSON schemas: made from the Zod schemas that the project itself reads its files with, so that they cannot drift apart. */
import { z } from 'zod';
import { comparison, ledgerEntry, plan, portrait, publishedAtlas, publishedLayer, publishedRow, publishedUnit } from '../../data/schema.ts';
import { fullAddress } from '../view/address.ts';
import { type SchemaName, schemaPath } from './published-files.ts';

const SCHEMAS: Record<SchemaName, { title: string; schema: z.ZodType }> = {
  atlas: { title: 'atlas.json: an atlas of Basis Atlas as it is published', schema: publishedAtlas },
  layer: { title: 'layer.json: a layer and its units', schema: publishedLayer },
  unit: { title: 'unit.json: a unit', schema: publishedUnit },
  row: { title: 'A line of units.jsonl: a unit in a row; units.parquet has the same columns', schema: publishedRow },
  plan: { title: 'plan.json: what an atlas was rendered by', schema: plan },
  comparison: { title: 'comparison.json: basis against random directions', schema: comparison },
  portrait: { title: 'A line of portraits/<layer>.jsonl of a store: what drives a unit, what is like it, its weights', schema: portrait },
  ledger: { title: 'A line of data/ledger.jsonl: an address that was published, and what became of it', schema: ledgerEntry },
};

/** The JSON schema (2020-12) of a kind of file. Unknown fields are allowed: a later edition may say more. */
export function jsonSchema(name: SchemaName): Record<string, unknown> {
  const { title, schema } = SCHEMAS[name];
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, $id: fullAddress(schemaPath(name)), title, ...rest };
}
