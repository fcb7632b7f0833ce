/**
 * {@linkcode Offer}: the content of a client's upgrade request.
 *
 * @module
 */
import {
  ALIAS,
  chooseLevel,
  EXTENDED,
  type Extension,
  extensionOf,
  type Fingerprint,
  FINGERPRINT_QUERY,
  LEVEL_HEADER,
  parseFingerprint,
  parseProtocols,
  PROTOCOL,
  type Receives,
  receivesOf,
  REFUSAL_TOKEN,
} from "../wire/handshake.ts";
import type { PeerInfo } from "../wire/transport.ts";

/** The values read from a request before the upgrade makes it unusable. */
export interface Offer {
  /** The offered subprotocols. */
  readonly offered: readonly string[];
  /** The subprotocol to answer, if one was offered. */
  readonly protocol: string;
  /** The latest extension that both sides know. */
  readonly extension: Extension;
  /** The compression level for sending. */
  readonly level: number;
  /** The largest message the client accepts; absent if invalid. */
  readonly receives: Receives | undefined;
  /** The client's fingerprint: `null` if it sends none, absent if invalid. */
  readonly fingerprint: Fingerprint | null | undefined;
  /** Its address. */
  readonly peer: PeerInfo;
  /** Whether the client cannot read an HTTP refusal. */
  readonly blind: boolean;
}

/** Read a request. */
export function offerOf({ headers, url }: Request, peer: PeerInfo): Offer {
  const query = new URL(url).searchParams;
  const fingerprint = query.get(FINGERPRINT_QUERY);
  const offered = parseProtocols(headers.get("sec-websocket-protocol"));
  const extension = extensionOf(query, offered);
  const protocol = offered.includes(PROTOCOL) ? PROTOCOL : extension === 0 ? ALIAS : EXTENDED;
  return {
    offered,
    protocol,
    extension,
    level: chooseLevel(headers.get(LEVEL_HEADER), offered),
    receives: receivesOf(query),
    fingerprint: fingerprint === null ? null : parseFingerprint(fingerprint),
    peer,
    blind: protocol !== PROTOCOL && offered.includes(REFUSAL_TOKEN),
  };
}
