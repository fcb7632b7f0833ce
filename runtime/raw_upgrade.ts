/**
 * The server's part of the WebSocket handshake (RFC 6455, section 4.2).
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Upgrade } from "../wire/transport.ts";
import { malformedUpgrade } from "./listen.ts";
import { headerLines } from "./node_http.ts";

/** RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
/** Header fields of the 101 answer that an {@linkcode Upgrade} may not set. */
const OWN_FIELDS = ["upgrade", "sec-websocket-accept", "sec-websocket-extensions"];

/** The answer's `Sec-WebSocket-Accept` to a request's `Sec-WebSocket-Key`. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + ACCEPT_SUFFIX).digest("base64");
}

/** Whether a request asks for a WebSocket, rightly or not. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return hasToken(headers.upgrade, "websocket");
}

/** The answer to a request that asks wrongly for a WebSocket, `undefined` if it asks rightly. */
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
  for (const name of OWN_FIELDS) headers.delete(name);
  headers.set("sec-websocket-protocol", upgrade.protocol);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    ...headerLines(headers),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? "").toLowerCase().split(",").some((each) => each.trim() === token);
}
