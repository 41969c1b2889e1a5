/** What a storage server or the way to it answered, in words that say what to do. */
import { type AtlasError, fault, reason } from '../graph/errors.ts';

/** An error of the client: what is looked at, of any shape. */
interface Answer {
  readonly name: string;
  readonly code: string;
  /** Of HTTP; 0 where no answer came. */
  readonly status: number;
}

/** The parts of an error that tell what happened. */
export function answerOf(error: unknown): Answer {
  const { name, code, $metadata } = (error ?? {}) as { name?: unknown; code?: unknown; $metadata?: { httpStatusCode?: number } };
  return { name: String(name ?? ''), code: typeof code === 'string' ? code : '', status: $metadata?.httpStatusCode ?? 0 };
}

/** Whether the same request may well succeed a moment later: no answer, or one that blames the server. */
export function isPassing(error: unknown): boolean {
  const { name, status } = answerOf(error);
  if (status === 0) return name !== 'CredentialsProviderError' && !(error instanceof TypeError);
  return status === 429 || status >= 500 || name === 'RequestTimeout' || name === 'SlowDown';
}

const NOTHING_LOST = 'then run the same command again: what was transferred stays, and only the rest goes.';

/** The error for a request on `where` (`s3://bucket/key`). `secrets` are left out of it, whoever repeated them. */
export function storageFault(where: string, cause: unknown, secrets: readonly string[]): AtlasError {
  const { name, code, status } = answerOf(cause);
  const said = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), reason(cause));
  const received = [status > 0 ? status : '', name === 'Error' ? code : name, said].filter(Boolean).join(' ');
  const make = (expected: string, asked: string, remedy: string, exitCode: 1 | 2 = 1) =>
    fault({
      where,
      expected,
      name: asked,
      received,
      remedy,
      exitCode,
      cause: secrets.some((secret) => reason(cause).includes(secret)) ? undefined : cause,
    });
  if (name === 'NoSuchBucket')
    return make('a bucket that is there', 'the address', 'Make the bucket, or see to its name, --endpoint and --region.');
  if (name === 'CredentialsProviderError' || /[Cc]redential is missing|Could not load credentials/.test(said))
    return make(
      'credentials',
      'the server',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: they are looked for where Amazon’s own command line looks.',
      2,
    );
  if (name === 'RequestTimeTooSkewed') return make('the time of the day', 'the clock of this machine', 'Set the clock.');
  if (status === 301 || ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'].includes(name))
    return make('the region of the bucket', '--region', 'Name the bucket’s region with --region.');
  if (status === 401 || status === 403)
    return make(
      'permission',
      'these credentials',
      'See to the keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE) and to what they may do: pull reads objects and lists the bucket, push writes too, --prune deletes.',
    );
  if (status >= 500 || status === 429) return make('the server to do it', 'the request', `The server is in trouble. Wait, ${NOTHING_LOST}`);
  if (status === 0) return make('a server that answers', 'the request', `See to the network, --endpoint and --region, ${NOTHING_LOST}`);
  return make('the server to do it', 'the request', 'The server refused it, and says why above.');
}
