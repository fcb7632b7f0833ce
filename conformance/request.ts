/**
 * Checks a client's upgrade request: {@linkcode checkRequest}.
 *
 * @module
 */
import { formatFingerprint } from "../wire/handshake.ts";
import { Conformance } from "./service.ts";
import type { Report } from "./report.ts";

/** The headers of a request or an answer, by their names in lower case. */
export function headersOf(head: string): Map<string, string> {
  return new Map(
    head.split("\r\n").slice(1).filter((line) => line.includes(":")).map((line) => {
      const [name, ...rest] = line.split(":");
      return [name!.trim().toLowerCase(), rest.join(":").trim()];
    }),
  );
}

/** A client's offered subprotocols. */
function offeredBy(headers: ReadonlyMap<string, string>): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

/** The subprotocol to answer: `hl/2` if it is offered. */
export function protocolOf(headers: ReadonlyMap<string, string>): "hl/2" | "hl.2" {
  return offeredBy(headers).includes("hl/2") ? "hl/2" : "hl.2";
}

const MAX_LEVEL = 9;

/** Check a request's head. */
export function checkRequest(head: string, report: Report): void {
  const headers = headersOf(head);
  const [, method, target = "", version] = /^(\S+) (\S+) (\S+)/.exec(head) ?? [];
  const query = new URL(target, "http://host").searchParams;
  const check = (name: string, ok: boolean, found: unknown): void =>
    report.add("requests", name, ok ? undefined : `found ${JSON.stringify(found)}`);
  const has = (name: string, word: string): void => {
    const value = headers.get(name) ?? "";
    const words = value.toLowerCase().split(",").map((each) => each.trim());
    check(`${name} has ${word}`, words.includes(word), value);
  };

  check("GET by HTTP/1.1", method === "GET" && version === "HTTP/1.1", `${method} ${version}`);
  check("a Host", (headers.get("host") ?? "") !== "", headers.get("host"));
  has("connection", "upgrade");
  has("upgrade", "websocket");
  has("sec-websocket-version", "13");
  const key = headers.get("sec-websocket-key") ?? "";
  check("a key of 16 bytes in base64", /^[A-Za-z0-9+/]{22}==$/.test(key), key);
  const offered = offeredBy(headers);
  check("hl/2 or hl.2", offered.includes("hl/2") || offered.includes("hl.2"), offered);
  const level = headers.get("x-hl-compress");
  const inRange = level === undefined || (/^\d$/.test(level) && Number(level) <= MAX_LEVEL);
  check("a level from 0 to 9, or none", inRange, level);
  const fingerprint = query.get("hl");
  const own = formatFingerprint(Conformance.fingerprint);
  check("the service's fingerprint, or none", [null, own].includes(fingerprint), fingerprint);
  const sizes = query.get("hl-max");
  const fits = sizes === null ||
    /^[1-9]\d{2,15}\.[1-9]\d{2,15}$/.test(sizes) &&
      sizes.split(".").every((size) => Number(size) >= 256);
  check("two sizes in hl-max, or none", fits, sizes);
}
