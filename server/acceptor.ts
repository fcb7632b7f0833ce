/**
 * {@linkcode ServiceAcceptor}: decides on connections, and holds them.
 *
 * @module
 */
import { Reader } from "../codec/reader.ts";
import { Ancestry } from "../service/ancestry.ts";
import { CloseCode, defaultSpreadMs, goingAwayReason } from "../wire/close.ts";
import {
  ALIAS,
  ANYTHING,
  compareFingerprint,
  type Extension,
  EXTENSION_HEADER,
  LEVEL_HEADER,
  PROTOCOL,
  type Receives,
} from "../wire/handshake.ts";
import { ClientMessage } from "../wire/client_message_reader.ts";
import type { SenderOptions } from "../wire/sending.ts";
import type {
  Acceptor,
  PeerInfo,
  Transport,
  TransportListener,
  Upgrade,
} from "../wire/transport.ts";
import { Authorizations, AuthorizationTimeout, type Authorize, decisionOf } from "./authorize.ts";
import { Backpressure } from "./backpressure.ts";
import { CallRunner } from "./calls.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { Connections, untilQuiet } from "./connections.ts";
import { type AnyHandler, createDispatcher } from "./dispatcher.ts";
import { type Offer, offerOf } from "./offer.ts";
import type { OriginRules } from "./origins.ts";
import {
  BAD_FINGERPRINT,
  BAD_RECEIVES,
  FAILED,
  otherService,
  type Refusal,
  refuseByClose,
  refuseByResponse,
  TOO_BUSY,
  UNAUTHORIZED,
} from "./refusal.ts";
import type { ServerParts } from "./server_parts.ts";
import { StateShape } from "./state.ts";
import type { ServerStats } from "./stats.ts";

/** What an acceptor needs in addition to its connections' needs. */
export interface AcceptorOptions extends ServerParts {
  /** The handlers. */
  readonly handler: AnyHandler;
  /** The rules for origins and hosts. */
  readonly origins: OriginRules;
  /** The highest compression level for any client. */
  readonly maxLevel: number;
  /** Decides on each connection; absent, all are accepted. */
  readonly authorize: Authorize<unknown> | undefined;
}

/** Decides on upgrades by protocol, capacity, origin, service and `authorize`, in this order. */
export class ServiceAcceptor implements Acceptor {
  readonly #options: AcceptorOptions;
  readonly #ancestry: Ancestry;
  readonly #host: ConnectionHost;
  readonly #authorizations: Authorizations;
  readonly #connections: Connections;
  #lastSending: SenderOptions | undefined;
  #closing: Promise<void> | undefined;
  #lastId = 0;
  readonly maxMessageBytes: number;
  readonly maxWaitingBytes: number;
  readonly idleTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;

  /** Create for one service. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#ancestry = new Ancestry(options.service);
    const { service, handler, codec, limits, counters } = options;
    this.#authorizations = new Authorizations(options);
    const connections = this.#connections = new Connections(limits, counters);
    const reader = new Reader(limits);
    reader.words = codec.words;
    const host = { ...options, reader, dispatcher: createDispatcher(service, handler, codec) };
    this.#host = {
      ...host,
      stateShape: new StateShape(service.state, codec),
      request: new ClientMessage(),
      calls: new CallRunner(host),
      backpressure: new Backpressure(options, connections),
      connections,
    };
    this.maxMessageBytes = limits.maxMessageBytes;
    this.maxWaitingBytes = limits.maxWaitingBytes;
    this.idleTimeoutMs = limits.idleTimeoutMs;
    this.closeTimeoutMs = limits.closeTimeoutMs;
    this.handshakeTimeoutMs = limits.handshakeTimeoutMs;
  }

  /** Number of connections, including ended ones whose socket is still open. */
  get size(): number {
    return this.#connections.size;
  }

  /** The server's statistics. */
  stats(): ServerStats {
    const { counters, events } = this.#options;
    const now = this.#connections.gauges();
    const bytesSent = counters.bytesSent + now.bytesSent;
    const { heldBytes } = this.#host.calls;
    return { ...counters, ...now, bytesSent, heldBytes, topics: events.size };
  }

  upgrade(request: Request, peer: PeerInfo): Upgrade | Response | Promise<Upgrade | Response> {
    const offer = offerOf(request, peer);
    const refusal = this.#refusal(request, offer);
    if (refusal !== undefined) return this.#refuse(offer, refusal);
    const { authorize } = this.#options;
    if (authorize === undefined) return this.#accept(offer, undefined);
    if (this.#authorizations.full) return this.#refuse(offer, TOO_BUSY);
    return this.#authorize(authorize, request, offer);
  }

  #refusal(
    request: Request,
    { offered, protocol, receives, fingerprint, peer }: Offer,
  ): Refusal | undefined {
    if (!offered.includes(protocol)) {
      return {
        code: "ProtocolMismatch",
        reason: `This server speaks ${PROTOCOL} (or ${ALIAS}): offer it in Sec-WebSocket-Protocol`,
      };
    }
    if (receives === undefined) return BAD_RECEIVES;
    if (fingerprint === undefined) return BAD_FINGERPRINT;
    if (this.#full()) return TOO_BUSY;
    const { service, origins, reports } = this.#options;
    const context = { where: "origin", peer, service: service.name };
    const refusal = origins.refusal(request, (error) => reports.failed(error, context));
    if (refusal !== undefined) return refusal;
    const ours = service.fingerprint;
    const differing = compareFingerprint(ours, fingerprint, this.#ancestry);
    return differing.length === 0 ? undefined : otherService(differing, ours);
  }

  #full(): boolean {
    return this.#closing !== undefined || this.#connections.full;
  }

  async #authorize(
    authorize: Authorize<unknown>,
    request: Request,
    offer: Offer,
  ): Promise<Upgrade | Response> {
    let decision: ReturnType<typeof decisionOf<unknown>>;
    try {
      decision = decisionOf(
        await this.#authorizations.wait(() => authorize(request, offer.peer)),
        offer.blind,
      );
    } catch (error) {
      const timeout = error instanceof AuthorizationTimeout ? error : undefined;
      const { service, reports } = this.#options;
      const context = { where: "authorize", peer: offer.peer, service: service.name };
      if (timeout?.isClosing !== true) reports.failed(error, context);
      return this.#refuse(offer, timeout === undefined ? FAILED : TOO_BUSY);
    }
    if ("refusal" in decision) {
      const refusal = this.#refuse(offer, UNAUTHORIZED);
      return offer.blind ? refusal : decision.refusal ?? refusal;
    }
    if (this.#full()) return this.#refuse(offer, TOO_BUSY);
    return this.#accept(offer, decision.auth);
  }

  #refuse(offer: Offer, refusal: Refusal): Upgrade | Response {
    this.#countRefusal(offer.peer, refusal);
    return offer.blind ? refuseByClose(refusal) : refuseByResponse(refusal);
  }

  #countRefusal(peer: PeerInfo, { code }: Refusal): void {
    this.#options.counters.connectionsRefused++;
    this.#options.telemetry?.refused(peer, code);
  }

  #accept({ protocol, extension, level, receives, peer }: Offer, auth: unknown): Upgrade {
    const headers: Record<string, string> = { [LEVEL_HEADER]: String(level) };
    // For other peers the subprotocol tells.
    if (extension > 0 && protocol === PROTOCOL) headers[EXTENSION_HEADER] = String(extension);
    return {
      protocol,
      extension,
      headers,
      open: (transport: Transport): TransportListener => {
        if (this.#full()) {
          this.#countRefusal(peer, TOO_BUSY);
          return refuseByClose(TOO_BUSY).open(transport);
        }
        const id = ++this.#lastId;
        const sending = this.#sending(level, receives, extension);
        return new Connection(this.#host, { id, transport, sending, peer, auth });
      },
    };
  }

  /** The sender options for a client's level, largest message and extension. Most clients share the same ones. */
  #sending(asked: number, takes: Receives | undefined, extension: Extension): SenderOptions {
    const { deflater, limits, maxLevel, events: { tally } } = this.#options;
    const level = Math.min(asked, maxLevel);
    // One message must not fill the queue: its peer would be closed as one that doesn't read.
    const { maxMessageBytes, maxInflatedBytes } = takes ?? ANYTHING;
    const receives = {
      maxMessageBytes: Math.min(maxMessageBytes, limits.maxBufferedBytes * 2),
      maxInflatedBytes,
    };
    const last = this.#lastSending;
    const isSame = last?.level === level && last.extension === extension &&
      last.receives?.maxMessageBytes === receives.maxMessageBytes &&
      last.receives.maxInflatedBytes === receives.maxInflatedBytes;
    return isSame
      ? last
      : this.#lastSending = { deflater, level, receives, extension, limits, tally };
  }

  /**
   * Stop accepting, let received calls finish for up to `deadlineMs`, and close each connection as soon as it
   * has none, with 4001, which asks clients to reconnect within `spreadMs`. Resolves when all have ended, at
   * most `closeTimeoutMs` after the deadline.
   */
  close(deadlineMs: number, spreadMs?: number): Promise<void> {
    return this.#closing ??= this.#drain(deadlineMs, spreadMs ?? defaultSpreadMs(this.size));
  }

  async #drain(deadlineMs: number, spreadMs: number): Promise<void> {
    await undefined; // Sets `#closing` before any caller can ask for it.
    this.#authorizations.end();
    const { clock, counters, loop } = this.#options;
    const timer = clock.after(deadlineMs, () => {
      const reason = goingAwayReason(spreadMs, false);
      this.#connections.close(CloseCode.GoingAway, reason);
    });
    if (loop && this.size > 0) await untilQuiet(loop, () => counters.messagesReceived);
    const reason = goingAwayReason(spreadMs, true);
    this.#connections.drain(CloseCode.GoingAway, reason);
    await this.#connections.empty();
    clock.clear(timer);
    this.#options.events.close();
  }
}
