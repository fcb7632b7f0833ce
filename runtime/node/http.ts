/**
 * Converts between `node:http` and the standard `Request` and `Response`.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { PeerInfo } from "../../wire/transport.ts";
import { ClientGone } from "../listen.ts";

/** The valid characters of a `Host` header: a name or an address, and a port. */
const HOST = /^[A-Za-z0-9._~%-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** Header fields of an answer that belong to the connection: the server writes its own. */
const CONNECTION_FIELDS = /^(connection|content-length|keep-alive|transfer-encoding)$/;

/** The standard `Request`, or `undefined` if it is invalid. */
export function toRequest(
  message: IncomingMessage,
  secure: boolean,
  { body, signal }: {
    readonly body?: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Request | undefined {
  const host = message.headers.host ?? "";
  if (!HOST.test(host) || countHeader(message, "host") !== 1) return undefined;
  const method = message.method ?? "GET";
  // Node requires `duplex`, which the types lack.
  const init: RequestInit & { readonly duplex: "half" } = {
    method,
    headers: toHeaders(message),
    duplex: "half",
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    return new Request(
      `${secure ? "https" : "http"}://${host}${targetOf(message.url ?? "/")}`,
      init,
    );
  } catch {
    return undefined;
  }
}

/** Path and query. A request may name the whole URL (RFC 9112, section 3.2.2) or `*`. */
function targetOf(target: string): string {
  if (target.startsWith("/")) return target;
  if (target === "*") return "/";
  const { pathname, search } = new URL(target);
  return pathname + search;
}

function toHeaders(message: IncomingMessage): Headers {
  const headers = new Headers();
  // `node:http` joins repeated fields.
  for (const [name, value] of Object.entries(message.headers)) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, each);
  }
  return headers;
}

/** The number of times a request has a header field. */
function countHeader({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) count++;
  }
  return count;
}

/**
 * The body of a request, read on demand; `undefined` if there is none. Fails if the peer leaves, or makes its
 * reader wait for more than `patienceMs` plus a millisecond for each received byte: 1 kB/s in the long run.
 */
export function bodyOf(
  message: IncomingMessage,
  patienceMs: number,
  mayContinue?: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
  const { headers, method } = message;
  const length = headers["content-length"];
  const isEmpty = headers["transfer-encoding"] === undefined &&
    (length === undefined || Number(length) === 0);
  if (isEmpty || method === "GET" || method === "HEAD") return undefined;
  let left = patienceMs;
  return new ReadableStream({
    async pull(controller) {
      mayContinue?.();
      mayContinue = undefined;
      const started = performance.now();
      const chunk = await nextChunk(message, left);
      left -= performance.now() - started;
      if (chunk === undefined) return controller.close();
      left += chunk.length;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

/** The next chunk of a body, `undefined` at its end. */
function nextChunk(
  message: IncomingMessage,
  patienceMs: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const chunk = message.read() as Uint8Array<ArrayBuffer> | null;
      if (chunk !== null) done(() => resolve(chunk));
      else if (message.readableEnded) done(() => resolve(undefined));
      else if (message.destroyed) done(() => reject(new ClientGone("The client has left")));
    };
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      for (const name of EVENTS) message.off(name, check);
      settle();
    };
    const timer = setTimeout(() => {
      done(() => reject(new Error("The client does not send its body")));
      message.destroy();
    }, patienceMs);
    for (const name of EVENTS) message.on(name, check);
    check();
  });
}

const EVENTS = ["readable", "end", "close", "error"] as const;

/** The fields of an answer, as names and values in turn. `last`: no other request can follow. */
export function answerFields(headers: Headers, last: boolean): string[] {
  const fields = [...headers].filter(([name]) => !CONNECTION_FIELDS.test(name)).flat();
  const tokens = [...(last ? ["close"] : []), ...(headers.has("upgrade") ? ["Upgrade"] : [])];
  if (tokens.length > 0) fields.push("Connection", tokens.join(", "));
  return fields;
}

/** A socket's remote address. */
export function peerOf(socket: Socket): PeerInfo {
  // An IPv4 peer of a dual-stack socket.
  return { address: (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "") };
}
