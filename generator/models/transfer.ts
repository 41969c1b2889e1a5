/** One request for one file: redirections followed, the answer judged, its bytes put after those that are there already. */
import { fault, reason } from '../graph/errors.ts';
import { mayFetch } from './address.ts';
import { append, begin as beginAnew, discard, type Origin, partial } from './partial.ts';

export interface TransferOptions {
  /** Milliseconds without a byte after which a request is given up. */
  readonly stallMs: number;
  /** Bytes that the file must have, where that is known. */
  readonly bytes?: number | undefined;
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
}

/** Done, or what went wrong, which may be better next time (in `waitMs` milliseconds at the soonest, where the server said so). */
export type Outcome = { readonly done: true } | { readonly done: false; readonly why: unknown; readonly waitMs?: number };

const MOST_REDIRECTIONS = 5;
/** Statuses that say nothing about the file, only about now (RFC 9110, section 15). */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks once for `url`, for what `part` does not hold yet, and writes what comes. Throws where asking again cannot help: no such file, a
 * forbidden redirection, another length than is known, a disk that is full.
 */
export async function transfer(url: URL, part: string, options: TransferOptions): Promise<Outcome> {
  const { offset, known } = await partial(url, part);
  if (offset > 0 && offset === known?.total) return { done: true };
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error(`no byte for ${options.stallMs / 1000} s`)), options.stallMs);
  try {
    const headers = { 'accept-encoding': 'identity', ...(offset > 0 && known?.validator ? resume(offset, known.validator) : {}) };
    const response = await follow(url, headers, stall.signal);
    const begin = await judge(response, url, offset, known);
    if (typeof begin !== 'number') {
      await response.body?.cancel();
      if (!begin.done && begin.discard) await discard(part);
      return begin;
    }
    const total = totalOf(response, begin);
    if (options.bytes !== undefined && total !== undefined && total !== options.bytes) throw wrongLength(url, options.bytes, total);
    if (begin === 0) await beginAnew(part, { address: url.href, ...validatorOf(response), ...(total === undefined ? {} : { total }) });
    const received = await append(response.body ?? [], part, begin, (count) => {
      timer.refresh();
      options.onProgress?.(count, total ?? options.bytes);
    });
    if (total !== undefined && received !== total)
      return { done: false, why: new Error(`the answer ended after ${received} of ${total} bytes`) };
    return { done: true };
  } catch (error) {
    if (error instanceof Error && error.name === 'AtlasError') throw error;
    if (CERTIFICATE.test(codeOf(error))) throw untrusted(url, error);
    return { done: false, why: stall.signal.aborted ? stall.signal.reason : error };
  } finally {
    clearTimeout(timer);
    stall.abort();
  }
}

const resume = (offset: number, validator: string) => ({ range: `bytes=${offset}-`, 'if-range': validator });

async function follow(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  let at = url;
  for (let count = 0; count <= MOST_REDIRECTIONS; count++) {
    const response = await fetch(at, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, at) ? new URL(location, at) : undefined;
    if (!next || !mayFetch(next, at))
      throw refused(url, 'a redirection to an https: address', location, 'Nothing was fetched: an unencrypted answer could be anyone’s.');
    at = next;
  }
  throw refused(url, `at most ${MOST_REDIRECTIONS} redirections`, `more, the last to ${at.href}`, 'Give the address of the file itself.');
}

type Verdict = number | (Outcome & { readonly discard?: boolean });

/** Where the answer's bytes belong, or what else the answer means. */
async function judge(response: Response, url: URL, offset: number, known: Origin | undefined): Promise<Verdict> {
  const { status, headers } = response;
  const [, from, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 200) {
    if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
      throw refused(url, 'a model', 'a web page (text/html)', 'Give the address that downloads the file, not that of a page about it.');
    return 0;
  }
  const same = (validatorOf(response).validator ?? known?.validator) === known?.validator;
  if (status === 206 && same && Number(from) === offset && (known?.total ?? Number(total)) === Number(total)) return offset;
  if (status === 206) return { done: false, why: new Error('another part than was asked for'), discard: true };
  if (status === 416 && offset > 0 && Number(total) === offset) return { done: true };
  if (status === 416) return { done: false, why: new Error('HTTP 416: the file is shorter than what was kept of it'), discard: true };
  if (PASSING.has(status)) return { done: false, why: new Error(`HTTP ${status}`), ...retryAfter(headers.get('retry-after')) };
  const remedy =
    status === 404 || status === 410
      ? 'Check the spelling of the address.'
      : status === 401 || status === 403
        ? 'The server wants to know who asks, which is not supported: download the file yourself and give its path.'
        : 'Download the file yourself and give its path.';
  throw refused(url, 'a file', `HTTP ${status}`, remedy);
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null): { waitMs?: number } {
  if (value === null) return {};
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) ? { waitMs: Math.max(waitMs, 0) } : {};
}

/** Bytes of the whole file; unknown where the server does not say, or says it of a compressed form. */
function totalOf({ headers }: Response, begin: number): number | undefined {
  if (isEncoded(headers)) return undefined;
  const length = headers.get('content-length');
  return length === null ? undefined : begin + Number(length);
}

/** Only of the file itself can a part be asked for, so a compressed answer has no validator; nor has a weak tag, which promises too little. */
function validatorOf({ headers }: Response): { validator?: string } {
  const etag = headers.get('etag');
  const validator = etag && !etag.startsWith('W/') ? etag : headers.get('last-modified');
  return validator && !isEncoded(headers) ? { validator } : {};
}

function isEncoded(headers: Headers): boolean {
  return !['', 'identity'].includes(headers.get('content-encoding') ?? '');
}

/** TLS: whoever answers is not who was asked. Trying again would not change that. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at) return String(at.code);
  return '';
}

function untrusted(url: URL, error: unknown) {
  const { cause = error } = error instanceof Error ? error : {};
  return refused(url, 'a certificate that can be trusted', reason(cause), 'Nothing was fetched: somebody else may be answering.', error);
}

function refused(url: URL, expected: string, received: string, remedy: string, cause?: unknown) {
  return fault({ where: url.href, expected, name: 'the download', received, remedy, cause });
}

function wrongLength(url: URL, bytes: number, total: number) {
  return refused(url, `${bytes} bytes`, `${total} bytes`, 'The server serves another file than was pinned. Nothing was kept.');
}
