/**
 * The WebSocket handshake (RFC 6455, section 4): the client's request, its check of the answer, and the
 * server's answer.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ConnectError } from "../../wire/errors.ts";
import { EXTENSION_HEADER, extensionAnswered, PROTOCOL } from "../../wire/handshake.ts";
import type { Dialed, DialRequest, Upgrade } from "../../wire/transport.ts";
import { malformedUpgrade } from "../listen.ts";

/** Largest head of an answer, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024;
/** RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A field's name in lower case (RFC 9110, section 5.1). */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Headers reserved for the handshake, which a client may not set. */
const OWN_HEADERS = /^(host|connection|upgrade|content-length|transfer-encoding|x-hl-compress)$/;
/** Header fields of the 101 answer that an {@linkcode Upgrade} may not set. */
const OWN_FIELDS = ["upgrade", "sec-websocket-accept", "sec-websocket-extensions"];
/** Fields that belong to the connection. */
const CONNECTION_FIELDS = ["connection", "content-length", "keep-alive", "transfer-encoding"];
/** A key: 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** The complete head of an answer. */
export interface Answer {
  /** The status code. */
  readonly status: number;
  /** Lower-case names; repeated ones joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes after the head. */
  readonly rest: Buffer;
}

/** The request's head. Throws `TypeError` for a header that cannot be sent. */
export function requestHead(url: URL, request: DialRequest, key: string): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${PROTOCOL}`,
    `X-HL-Compress: ${request.level}`,
  ];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const lower = name.toLowerCase();
    if (!FIELD_NAME.test(lower)) {
      throw new TypeError(`Cannot send the header "${name}": not a header name`);
    }
    if (OWN_HEADERS.test(lower) || lower.startsWith("sec-websocket-")) {
      throw new TypeError(`Cannot send the header "${name}": the handshake sets it`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new TypeError(`Cannot send the header "${name}": its value has a forbidden character`);
    }
    lines.push(`${name}: ${value}`);
  }
  return lines.join("\r\n") + "\r\n\r\n";
}

/** Parse the answer's head from the bytes received so far. */
export function parseAnswer(received: Buffer): Answer | "partial" | ConnectError {
  const end = received.indexOf("\r\n\r\n");
  if (end > MAX_HEAD_BYTES || (end === -1 && received.length > MAX_HEAD_BYTES)) {
    return new ConnectError("BadHandshake", `its answer's head is over ${MAX_HEAD_BYTES} bytes`);
  }
  // Not HTTP: fail at once instead of waiting for a head that never ends.
  const expected = "HTTP/1.1 ";
  const start = received.toString("latin1", 0, Math.min(received.length, expected.length));
  if (!expected.startsWith(start)) {
    return new ConnectError("BadHandshake", "it does not answer in HTTP/1.1");
  }
  if (end === -1) return "partial";
  const [statusLine = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const status = /^HTTP\/1\.1 ([1-5][0-9]{2})(?: |$)/.exec(statusLine)?.[1];
  const headers = parseFields(lines);
  if (headers === undefined || /[\r\n]/.test(statusLine)) {
    return new ConnectError("BadHandshake", "its answer has a malformed header");
  }
  if (status === undefined) return new ConnectError("BadHandshake", "its answer has no status");
  return { status: Number(status), headers, rest: received.subarray(end + 4) };
}

/** The fields of a head, `undefined` if one is malformed. Always one pass. */
function parseFields(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1);
    // A bare CR or LF is invalid (RFC 9112, section 2.2).
    if (!FIELD_NAME.test(name) || value.includes("\r") || value.includes("\n")) return undefined;
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value.trim()]);
    else values.push(value.trim());
  }
  return new Map(Array.from(headers, ([name, values]) => [name, values.join(", ")]));
}

/** Check a 101 answer to the request with `key`. */
export function checkUpgrade(
  headers: ReadonlyMap<string, string>,
  key: string,
): Dialed | ConnectError {
  const status = 101;
  const header = (name: string): string => headers.get(name) ?? "";
  const bad = (what: string): ConnectError => new ConnectError("BadHandshake", what, { status });
  const connection = header("connection").toLowerCase().split(",").map((token) => token.trim());
  if (header("upgrade").toLowerCase() !== "websocket") {
    return bad("its answer has no Upgrade: websocket");
  }
  if (!connection.includes("upgrade")) return bad("its answer has no Connection: Upgrade");
  if (header("sec-websocket-accept") !== acceptOf(key)) {
    return bad("its Sec-WebSocket-Accept does not match the request");
  }
  if (headers.has("sec-websocket-extensions")) {
    return bad("it chose a WebSocket extension, and none was offered");
  }
  const protocol = header("sec-websocket-protocol");
  if (protocol !== PROTOCOL) {
    return new ConnectError(
      "ProtocolMismatch",
      `it speaks ${protocol === "" ? "no subprotocol" : `"${protocol}"`}, not "${PROTOCOL}"`,
      { status },
    );
  }
  const extension = extensionAnswered(headers.get(EXTENSION_HEADER));
  if (extension === undefined) {
    const answered = headers.get(EXTENSION_HEADER);
    return bad(`it answered with ${EXTENSION_HEADER}: ${answered}, which was not offered`);
  }
  return { protocol, extension };
}

/** The answer's `Sec-WebSocket-Accept` to a request's `Sec-WebSocket-Key`. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + ACCEPT_SUFFIX).digest("base64");
}

/** Whether a request asks for a WebSocket, validly or not. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return hasToken(headers.upgrade, "websocket");
}

/** The answer to an invalid request for a WebSocket, `undefined` if it is valid. */
export function checkUpgradeRequest(message: IncomingMessage): Response | undefined {
  const { headers, method, httpVersion } = message;
  if (method !== "GET" || httpVersion !== "1.1" || !hasToken(headers.connection, "upgrade")) {
    return malformedUpgrade();
  }
  if (headers["sec-websocket-version"] !== "13") {
    return new Response("This server speaks version 13 of the WebSocket protocol", {
      status: 426,
      headers: { upgrade: "websocket", "sec-websocket-version": "13" },
    });
  }
  return KEY.test(headers["sec-websocket-key"] ?? "") ? undefined : malformedUpgrade();
}

/** The 101 answer. Throws `TypeError` if a header cannot be sent. */
export function upgradeHead(key: string, upgrade: Upgrade): string {
  const headers = new Headers(upgrade.headers);
  for (const name of [...OWN_FIELDS, ...CONNECTION_FIELDS]) headers.delete(name);
  headers.set("sec-websocket-protocol", upgrade.protocol);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    ...Array.from(headers, ([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? "").toLowerCase().split(",").some((each) => each.trim() === token);
}
