/**
 * {@linkcode Offer}: what a client's upgrade request says.
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
  REFUSED,
} from "../wire/handshake.ts";
import type { PeerInfo } from "../wire/transport.ts";

/** What is read of a request before the upgrade makes it unusable. */
export interface Offer {
  /** The subprotocols it offers. */
  readonly offered: readonly string[];
  /** The one to answer, if it is offered. */
  readonly protocol: string;
  /** The latest extension that both sides know. */
  readonly extension: Extension;
  /** At which level to send. */
  readonly level: number;
  /** The largest message the client takes; absent if what it says is no such thing. */
  readonly receives: Receives | undefined;
  /** What it was built from: `null` if it says nothing, absent if what it says is no such thing. */
  readonly fingerprint: Fingerprint | null | undefined;
  /** Where it is. */
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
    blind: protocol !== PROTOCOL && offered.includes(REFUSED),
  };
}
