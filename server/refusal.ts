/**
 * How a connection is refused, so that either kind of client learns why.
 *
 * @module
 */
import { CloseCode } from "../wire/close.ts";
import type { ConnectErrorCode } from "../wire/errors.ts";
import { REFUSED, REFUSED_HEADER } from "../wire/handshake.ts";
import type { TransportListener, Upgrade } from "../wire/transport.ts";

/** Why a connection is refused. */
export interface Refusal {
  /** What the client is to report. */
  readonly code: ConnectErrorCode;
  /** In words. */
  readonly reason: string;
}

const STATUS: Partial<Record<ConnectErrorCode, readonly [status: number, closeCode: number]>> = {
  ProtocolMismatch: [400, CloseCode.Protocol],
  SchemaMismatch: [400, CloseCode.SchemaMismatch],
  Unauthorized: [401, CloseCode.Unauthorized],
  OriginRefused: [403, CloseCode.OriginRefused],
  TooBusy: [503, CloseCode.TooBusy],
};
const FAILED = [500, CloseCode.Internal] as const;

const IGNORE: TransportListener = { onMessage() {}, onClose() {} };

/** A refusal as an HTTP answer: the code in a header, the reason as text. */
export function refuseByResponse({ code, reason }: Refusal): Response {
  return new Response(`${reason}\n`, {
    status: (STATUS[code] ?? FAILED)[0],
    headers: { "content-type": "text/plain; charset=utf-8", [REFUSED_HEADER]: code },
  });
}

/** A refusal as a connection that ends at once: for clients that cannot read an HTTP refusal. */
export function refuseByClose({ code, reason }: Refusal): Upgrade {
  return {
    protocol: REFUSED,
    headers: {},
    open(transport): TransportListener {
      transport.close((STATUS[code] ?? FAILED)[1], reason);
      return IGNORE;
    },
  };
}
