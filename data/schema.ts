/** The files of an atlas, as Zod schemas: the one module that the generator (which writes them) and the site (which reads them) share. */
export * from './canonical.ts';
export * from './comparison-schema.ts';
export * from './former-addresses.ts';
export * from './ledger.ts';
export * from './ledger-schema.ts';
export * from './portrait-schema.ts';
export * from './published.ts';
export * from './published-schema.ts';
export type { ArrayFile, ChosenUnit, Penalty, RenderSettings } from './render-schema.ts';
export { chosenUnit, OBJECTIVES, PARAMETERISATIONS, renderSettings, sha256, slug } from './render-schema.ts';
export * from './sealed.ts';
export * from './site-schema.ts';
export * from './store-schema.ts';
export * from './study-schema.ts';
