/** The page that shows one unit inside another site's page: a string, since there are two for each unit. No script, no style of its own. */
import { originalName } from '../images/pictures.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { fullAddress, href, unitPath } from '../view/address.ts';
import { ARM_NAMES } from '../view/arms.ts';
import { altText, layerTitle, nameParts, shortName, stateWord, unitTitle } from '../view/unit.ts';

/** Which of the two: with the answers, or without, for a study. */
export interface EmbedKind {
  /** Leaves out name, layer, arm and measures, and every address that names them; the page's own address still does. */
  readonly blind?: boolean;
}

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";
/** All that a blind page says of its picture. */
const BLIND = 'A picture of what one direction of a network looks for';

/** The path of the page: `fixture-net/conv-1/channel-42/embed/`. */
export function embedPath(store: AtlasStore, layer: Layer, unit: Pick<Unit, 'id'>, { blind = false }: EmbedKind = {}): string {
  return `${unitPath(store, layer, unit)}embed/${blind ? 'blind/' : ''}`;
}

/** The HTML to paste into a page of another site. Of use there only where ATLAS_SITE was told: else the address begins at the site's root. */
export function embedCode(store: AtlasStore, layer: Layer, unit: Unit, kind: EmbedKind = {}): string {
  const title = kind.blind ? BLIND : `${unitTitle(unit)} of ${layerTitle(layer.layer)}, Basis Atlas`;
  const address = fullAddress(embedPath(store, layer, unit, kind));
  return `<iframe src="${escapeHtml(address)}" title="${escapeHtml(title)}" width="320" height="400" loading="lazy"></iframe>`;
}

/** The page. Whatever names there are, they are text: nothing of them is read as HTML. */
export function embedPage(store: AtlasStore, layer: Layer, unit: Unit, { blind = false }: EmbedKind = {}): string {
  const address = escapeHtml(fullAddress(unitPath(store, layer, unit)));
  const title = blind ? BLIND : `${unitTitle(unit)} · ${layerTitle(layer.layer)} · ${shortName(store.atlas.title)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(title)}</title>
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${blind ? '' : `<link rel="canonical" href="${address}">\n`}<link rel="icon" href="${escapeHtml(href('site/icon.svg'))}" type="image/svg+xml">
<link rel="stylesheet" href="${escapeHtml(href('site/embed.css'))}">
</head>
<body${blind ? '' : ` class="${ARM_NAMES[unit.arm].css}"`}>
<main>
<figure>
${showPicture(layer, unit, blind)}
<figcaption>${blind ? describeBlind(store) : describe(store, layer, unit, address)}</figcaption>
</figure>
</main>
</body>
</html>
`;
}

function showPicture(layer: Layer, unit: Unit, blind: boolean): string {
  const image = unit.render?.image;
  if (!image) return `<p class="void">${blind ? 'No picture' : escapeHtml(stateWord(unit))}</p>`;
  const { size } = layer.layer.render;
  const alt = blind ? BLIND : altText(unit, layer);
  return `<img src="${escapeHtml(href(`i/${originalName(image)}`))}" width="${size}" height="${size}" alt="${escapeHtml(alt)}">`;
}

function describe(store: AtlasStore, layer: Layer, unit: Unit, address: string): string {
  const { mark, title } = ARM_NAMES[unit.arm];
  const link = `<a href="${address}" target="_blank" rel="noopener"><span aria-hidden="true">${mark}</span> ${name(unitTitle(unit))}</a>`;
  return `<h1>${link} of ${layerName(layer)}</h1> in ${name(store.atlas.model.title)}. ${title} arm. ${source(store)}`;
}

const describeBlind = (store: AtlasStore) =>
  `<h1>A picture of Basis Atlas</h1> <small>Edition ${store.atlas.edition}; ${licence(store)}</small>`;

const source = (store: AtlasStore) => `<small>Basis Atlas, edition ${store.atlas.edition}; ${licence(store)}</small>`;

const licence = ({ atlas: { model } }: AtlasStore) =>
  model.licence === 'unknown' ? 'licence of the model unknown' : `model under ${name(model.licence)}`;

/** A name from a file, cut to what a page shows, and kept from turning the direction of the text around it. */
const name = (text: string) => `<bdi>${escapeHtml(shortName(text))}</bdi>`;

/** A layer's name, with leave to break after its separators. */
const layerName = ({ layer }: Layer) => `<bdi>${nameParts(layerTitle(layer)).map(escapeHtml).join('<wbr>')}</bdi>`;

/** Text as HTML: in an element, or between double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
