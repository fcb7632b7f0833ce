/**
 * The handshake before the first message. Pure functions: text in, decisions out.
 *
 * @module
 */

import type { Limits } from "./limits.ts";

/** The subprotocol's name. Rust compares it exactly; `new WebSocket()` cannot offer it. */
export const PROTOCOL = "hl/2";
/** The same protocol by a name that every WebSocket client can offer. */
export const ALIAS = "hl.2";
/**
 * Offered beside {@linkcode ALIAS} by clients that cannot read an HTTP refusal: a server that refuses may answer
 * it and close at once with a code.
 */
export const REFUSAL_TOKEN = "hl.2.no";
/**
 * {@linkcode ALIAS} with the extension `x1`: also offered by clients that cannot read the answer's headers, and
 * answered in place of it.
 */
export const EXTENDED = "hl.2.x1";
/** Header of the server's compression level, in request and answer. */
export const LEVEL_HEADER = "x-hl-compress";
/** Header of a refusal: the `ConnectErrorCode` for the client. */
export const REFUSED_HEADER = "x-hl-refused";
/** Header of the negotiated extension, if any, in answers to clients that offered {@linkcode PROTOCOL}. */
export const EXTENSION_HEADER = "x-hl-x";
/** Level if the client requests none. Rust: `Compression::default()`. */
export const DEFAULT_LEVEL = 6;
/** Name of the fingerprint in the URL's query. */
export const FINGERPRINT_QUERY = "hl";
/** Name of the client's limits in the URL's query: `<maxMessageBytes>.<maxInflatedBytes>`. */
export const RECEIVES_QUERY = "hl-max";
/** Name of the client's latest extension in the URL's query: a number. */
export const EXTENSION_QUERY = "hl-x";

/**
 * The negotiated extension: 0 none, as with every Rust peer; 1 `x1`. A later one includes all earlier ones.
 */
export type Extension = 0 | 1;
/** The latest known extension. */
export const EXTENSION: Extension = 1;

const LEVEL_TOKEN = /^hl\.2\.c([0-9])$/;
/** The highest level. */
export const MAX_LEVEL = 9;

/** The tokens of a `Sec-WebSocket-Protocol` header. */
export function parseProtocols(header: string | null): string[] {
  if (header === null) return [];
  return header.split(",").map((token) => token.trim()).filter((token) => token !== "");
}

/** A level as Rust reads it, or `undefined` if Rust takes its default. */
function parseLevel(text: string): number | undefined {
  // Repeated headers are joined by a comma; Rust takes the first.
  const first = text.split(",", 1)[0]!.trim();
  if (!/^\+?[0-9]+$/.test(first)) return undefined;
  const level = Number(first);
  return level <= MAX_LEVEL ? level : undefined;
}

/** The level that a client requests: by header, else by token, else {@linkcode DEFAULT_LEVEL}. */
export function chooseLevel(header: string | null, protocols: readonly string[] = []): number {
  if (header !== null) return parseLevel(header) ?? DEFAULT_LEVEL;
  for (const token of protocols) {
    const match = LEVEL_TOKEN.exec(token);
    if (match !== null) return Number(match[1]);
  }
  return DEFAULT_LEVEL;
}

/** The fingerprint of each part of a service: equal for equal parts. 16 hex digits each. */
export interface Fingerprint {
  /** Methods, their arguments and outputs, in order. */
  readonly methods: string;
  /** Fields of the connection state, in order. */
  readonly state: string;
  /** The event type. */
  readonly events: string;
}

/** The parts of a service in which two sides can differ. */
export type FingerprintPart = keyof Fingerprint;

/** The value of the URL's `hl` parameter: `<methods>.<state>.<events>`. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  return Object.values(fingerprint).join(".");
}

const FINGERPRINT = /^([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{16})$/;

/** Read the value of the URL's `hl` parameter; `undefined` if invalid. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const match = FINGERPRINT.exec(text);
  if (match === null) return undefined;
  return { methods: match[1]!, state: match[2]!, events: match[3]! };
}

/** Largest message that a peer accepts. */
export type Receives = Pick<Limits, "maxMessageBytes" | "maxInflatedBytes">;

/** No limits: the peer announced none. */
export const ANYTHING: Receives = { maxMessageBytes: Infinity, maxInflatedBytes: Infinity };
/** Limits of a client that announces none: the defaults of 0.1.0, independent of today's. */
const UNSAID: Receives = { maxMessageBytes: 1_048_576, maxInflatedBytes: 8_388_608 };
const RECEIVES = /^([1-9][0-9]{0,15})\.([1-9][0-9]{0,15})$/;
/** Smallest limit that a client may announce: below it not even an error would fit. */
export const MIN_RECEIVES_BYTES = 256;

/** Add a client's fingerprint, limits and extension to a URL's query. */
export function introduce(
  query: URLSearchParams,
  fingerprint: Fingerprint,
  { maxMessageBytes, maxInflatedBytes }: Receives,
): void {
  query.set(FINGERPRINT_QUERY, formatFingerprint(fingerprint));
  // The names are spelled out: bundlers inline only shorter constants.
  query.set("hl-max", `${maxMessageBytes}.${maxInflatedBytes}`);
  query.set("hl-x", `${EXTENSION}`);
}

/**
 * The latest extension that both the client and this server know, from its URL's query, or from the subprotocols
 * of a client that cannot read the answer's headers.
 */
export function extensionOf(query: URLSearchParams, protocols: readonly string[]): Extension {
  if (!protocols.includes(PROTOCOL)) {
    // Alone it is no offer, as to a server that does not know it.
    return protocols.includes(ALIAS) && protocols.includes(EXTENDED) ? 1 : 0;
  }
  return /^[1-9][0-9]{0,2}$/.test(query.get(EXTENSION_QUERY) ?? "") ? EXTENSION : 0;
}

/**
 * The extension in a server's answer; `undefined` if it was not offered.
 *
 * @param answered The header's value, if it is there.
 */
export function extensionAnswered(answered: string | null | undefined): Extension | undefined {
  return answered == undefined ? 0 : answered === `${EXTENSION}` ? EXTENSION : undefined;
}

/**
 * A client's limits, from its URL's query. A client that sends only a fingerprint has those of
 * {@linkcode UNSAID}; a Rust peer, which sends neither, has none. `undefined` if invalid or less than
 * {@linkcode MIN_RECEIVES_BYTES}.
 */
export function receivesOf(query: URLSearchParams): Receives | undefined {
  const said = query.get(RECEIVES_QUERY);
  if (said === null) return query.has(FINGERPRINT_QUERY) ? UNSAID : ANYTHING;
  const match = RECEIVES.exec(said);
  if (match === null) return undefined;
  const [maxMessageBytes, maxInflatedBytes] = [Number(match[1]), Number(match[2])];
  if (Math.min(maxMessageBytes, maxInflatedBytes) < MIN_RECEIVES_BYTES) return undefined;
  return { maxMessageBytes, maxInflatedBytes };
}

const PARTS: readonly FingerprintPart[] = ["methods", "state", "events"];

/** Knows the fingerprints of older forms of a service. */
export interface EarlierForms {
  /** Whether a part of an older form had this fingerprint. */
  includes(part: FingerprintPart, name: string): boolean;
}

/**
 * The parts in which a client's service differs from ours so that it cannot be served.
 *
 * @param ours Our service's fingerprint.
 * @param theirs The client's. A Rust peer sends none: `null` agrees.
 * @param earlier Older forms of our service whose clients we can serve.
 * @returns The parts that differ.
 */
export function compareFingerprint(
  ours: Fingerprint,
  theirs: Fingerprint | null,
  earlier?: EarlierForms,
): FingerprintPart[] {
  if (theirs === null) return [];
  return PARTS.filter((part) =>
    theirs[part] !== ours[part] && !earlier?.includes(part, theirs[part])
  );
}
