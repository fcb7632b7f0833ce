/**
 * Between the HTTP of `node:http` and the standard's `Request` and `Response`.
 *
 * @module
 */

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** Largest body of a request, in bytes. */
export const MAX_BODY_BYTES: number = 1024 * 1024;

/** Characters of a `Host` header: a name or an address, and a port. */
const HOST = /^[A-Za-z0-9._~%-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** Header fields of an answer that belong to the connection: they are written anew. */
const CONNECTION_FIELDS = /^(connection|content-length|keep-alive|transfer-encoding)$/;

/** The standard's request, or `undefined` where it cannot be one. */
export function toRequest(
  message: IncomingMessage,
  secure: boolean,
  body?: Uint8Array<ArrayBuffer>,
): Request | undefined {
  const host = message.headers.host ?? "";
  if (!HOST.test(host) || countHeader(message, "host") !== 1) return undefined;
  const method = message.method ?? "GET";
  const bodiless = method === "GET" || method === "HEAD" || body === undefined;
  try {
    return new Request(`${secure ? "https" : "http"}://${host}${targetOf(message.url ?? "/")}`, {
      method,
      headers: toHeaders(message),
      ...(bodiless ? {} : { body }),
    });
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
  // `node:http` has joined what came more than once.
  for (const [name, value] of Object.entries(message.headers)) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, each);
  }
  return headers;
}

/** How often a request has a header field. */
function countHeader({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) count++;
  }
  return count;
}

/** A request's whole body, or `undefined` when it is too large or breaks off. */
export async function readBody(
  message: IncomingMessage,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/**
 * Write a whole answer to a socket, and end it. `bodiless` leaves the body out, as the answer to
 * HEAD must.
 */
export async function writeResponse(
  socket: Socket,
  response: Response,
  bodiless = false,
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  const empty = status === 204 || status === 304;
  const upgrade = response.headers.has("upgrade") ? ", Upgrade" : "";
  const lines = [
    `HTTP/1.1 ${status} ${response.statusText || (STATUS_CODES[status] ?? "")}`,
    `Date: ${new Date().toUTCString()}`,
    `Connection: close${upgrade}`,
    ...(empty ? [] : [`Content-Length: ${body.length}`]),
    ...headerLines(response.headers),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (!empty && !bodiless && body.length > 0) socket.write(body);
  socket.end();
}

/** Header fields as lines, but for those that belong to the connection. */
export function headerLines(headers: Headers): string[] {
  return [...headers].filter(([name]) => !CONNECTION_FIELDS.test(name))
    .map(([name, value]) => `${name}: ${value}`);
}
