/** A web server on this machine that serves files from memory, well or badly, request by request. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How one request is answered; `body` is the file's bytes, `web` who asked for what so far. */
export type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage, web: Web) => void;

export interface Web {
  address: string;
  /** What was asked for so far: path and the `Range` header. */
  requests: { path: string; range: string | undefined; at: number }[];
  /** How much of the file has come, for whoever downloads to say: what is on its way when a line breaks is lost. */
  received?: number;
}

/** Serves `files` by path; the answers are used up one by one, and the last of them ever after. Closed when the test ends. */
export async function serveWeb(files: Readonly<Record<string, Buffer | string>>, ...answers: Answer[]): Promise<Web> {
  const web: Web = { address: '', requests: [] };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    web.requests.push({ path, range: request.headers.range, at: performance.now() });
    const answer = answers[Math.min(web.requests.length, answers.length) - 1] ?? whole;
    const file = files[path];
    if (file === undefined) response.writeHead(404).end();
    else answer(response, Buffer.from(file), request, web);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  web.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return web;
}

/** The strong entity tag of a body. */
export const tagOf = (body: Buffer) => `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;

/** As HTTP has it: `Range` is honoured if `If-Range` names the body's tag, 416 is answered past its end. */
export const whole: Answer = (response, body, request) => send(response, body, request);

/** Announces everything, sends `count` bytes of it and, once they have come, cuts the line. */
export function cut(count: number, headers: Record<string, string> = {}): Answer {
  return (response, body, request, web) => {
    const { head, rest } = part(body, request, headers);
    response.writeHead(head.status, head.headers);
    response.write(rest.subarray(0, count), () => breakOff(response, web, body.length - rest.length + count));
  };
}

/** Cuts the line once `count` bytes have come, or after a while where nobody says. */
export function breakOff(response: ServerResponse, web: Web, count: number, patience = web.received === undefined ? 10 : 200): void {
  if ((web.received ?? 0) >= count || patience === 0) response.destroy();
  else setTimeout(breakOff, 10, response, web, count, patience - 1);
}

/** Sends `count` bytes, then nothing more, and keeps the line. */
export function stall(count: number): Answer {
  return (response, body, request) => {
    const { head, rest } = part(body, request);
    response.writeHead(head.status, head.headers);
    response.write(rest.subarray(0, count));
  };
}

/** Sends everything in steps of `count` bytes, `ms` milliseconds apart. */
export function slow(count: number, ms: number): Answer {
  return (response, body, request) => {
    const { head, rest } = part(body, request);
    response.writeHead(head.status, head.headers);
    const next = (at: number) => {
      if (at >= rest.length || response.destroyed) response.end();
      else response.write(rest.subarray(at, at + count), () => setTimeout(next, ms, at + count));
    };
    next(0);
  };
}

/** Answers with a status and no file. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end();
}

function send(response: ServerResponse, body: Buffer, request: IncomingMessage): void {
  const { head, rest } = part(body, request);
  response.writeHead(head.status, head.headers).end(rest);
}

function part(body: Buffer, { headers }: IncomingMessage, more: Record<string, string> = {}) {
  const common = { etag: tagOf(body), 'accept-ranges': 'bytes', ...more };
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from === 0 || headers['if-range'] !== common.etag)
    return { head: { status: 200, headers: { 'content-length': `${body.length}`, ...common } }, rest: body };
  if (from >= body.length)
    return { head: { status: 416, headers: { 'content-range': `bytes */${body.length}`, ...common } }, rest: Buffer.alloc(0) };
  const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}`, 'content-length': `${body.length - from}` };
  return { head: { status: 206, headers: { ...range, ...common } }, rest: body.subarray(from) };
}
