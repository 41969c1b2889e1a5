/** The columns of the table of units, as their published schema names, types and explains them. */
import { jsonSchema } from '../data/schemas.ts';

/** A column as Croissant types it. */
export interface TableColumn {
  name: string;
  /** schema.org's name for the type. */
  type: 'Text' | 'Integer' | 'Float' | 'Boolean';
  about?: string;
}

const TYPES = { string: 'Text', integer: 'Integer', number: 'Float', boolean: 'Boolean' } as const;

/** A part of a JSON schema, as far as types go. */
interface Typed {
  type?: string | string[];
  anyOf?: Typed[];
  description?: string;
}

/** The columns of units.parquet, in the order of the schema; a value that may be null has the type that it has otherwise. */
export function unitColumns(): TableColumn[] {
  const { properties } = jsonSchema('row') as { properties: Record<string, Typed> };
  return Object.entries(properties).map(([name, part]) => {
    const [type = 'string'] = typesOf(part).filter((one) => one in TYPES);
    const about = part.description ?? part.anyOf?.find(({ description }) => description)?.description;
    return { name, type: TYPES[type as keyof typeof TYPES], ...(about ? { about } : {}) };
  });
}

function typesOf({ type, anyOf = [] }: Typed): string[] {
  return [...(type === undefined ? [] : [type].flat()), ...anyOf.flatMap(typesOf)];
}
