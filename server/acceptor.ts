/**
 * {@linkcode ServiceAcceptor}: decides on connections, and holds them.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import { Reader } from "../codec/reader.ts";
import { Ancestry } from "../service/ancestry.ts";
import type { Service } from "../service/types.ts";
import { CloseCode, defaultSpreadMs, goingAwayReason } from "../wire/close.ts";
import {
  ALIAS,
  compareFingerprint,
  EXTENSION_HEADER,
  LEVEL_HEADER,
  PROTOCOL,
} from "../wire/handshake.ts";
import { ClientMessage } from "../wire/messages.ts";
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
import { ClientCaller } from "./client_calls.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { Connections, type EventLoop, untilQuiet } from "./connections.ts";
import type { ServiceHandler } from "./context.ts";
import { createDispatcher } from "./dispatcher.ts";
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
import { Sendings } from "./sendings.ts";
import { StateShape } from "./state.ts";
import type { ServerStats } from "./stats.ts";

/** The parts that an acceptor creates for its connections. */
type Made =
  | "name"
  | "dispatcher"
  | "stateShape"
  | "reader"
  | "request"
  | "calls"
  | "clients"
  | "backpressure"
  | "onEnd"
  | "onGone";

/** What an acceptor needs in addition to its connections' needs. */
export interface AcceptorOptions<Methods, State, Event, Auth>
  extends Omit<ConnectionHost<State, Event, Auth>, Made> {
  /** The service. */
  readonly service: Service<Methods, State, Event>;
  /** The codec for values. */
  readonly codec: Codec;
  /** The handlers. */
  readonly handler: ServiceHandler<Methods, State, Event, Auth>;
  /** The rules for origins and hosts. */
  readonly origins: OriginRules;
  /** The highest compression level for any client. */
  readonly maxLevel: number;
  /** Decides on each connection; absent, all are accepted. */
  readonly authorize?: Authorize<Auth> | undefined;
  /** The event loop, if the runtime may hold received messages; absent otherwise. */
  readonly loop?: EventLoop | undefined;
}

/** Decides on upgrades by protocol, capacity, origin, service and `authorize`, in this order. */
export class ServiceAcceptor<Methods, State, Event, Auth> implements Acceptor {
  readonly #options: AcceptorOptions<Methods, State, Event, Auth>;
  readonly #ancestry: Ancestry;
  readonly #host: ConnectionHost<State, Event, Auth>;
  readonly #authorizations: Authorizations;
  readonly #connections: Connections<Connection<State, Event, Auth>>;
  readonly #sendings: Sendings;
  #closing: Promise<void> | undefined;
  #lastId = 0;
  readonly maxMessageBytes: number;
  readonly maxWaitingBytes: number;
  readonly idleTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;

  /** Create for one service. */
  constructor(options: AcceptorOptions<Methods, State, Event, Auth>) {
    this.#options = options;
    this.#ancestry = new Ancestry(options.service);
    const { service, handler, codec, limits, clock, counters } = options;
    this.#authorizations = new Authorizations({
      clock,
      max: limits.maxAuthorizations,
      timeoutMs: limits.handshakeTimeoutMs,
    });
    const connections = this.#connections = new Connections(limits);
    const reader = new Reader(limits);
    reader.words = codec.words;
    const dispatcher = createDispatcher(service, handler, codec);
    this.#host = {
      ...options,
      name: service.name,
      dispatcher,
      stateShape: new StateShape(service.state, codec),
      reader,
      request: new ClientMessage(),
      calls: new CallRunner({ ...options, reader, dispatcher }),
      clients: new ClientCaller({ ...options, reader, methods: service.clientMethods }),
      backpressure: new Backpressure({
        clock,
        maxBufferedBytes: limits.maxBufferedBytes,
        maxTotalBufferedBytes: limits.maxTotalBufferedBytes,
        patienceMs: limits.closeTimeoutMs,
        tally: options.events.tally,
        owners: connections,
      }),
      onEnd: (connection) => {
        counters.bytesSent += connection.sender.sentBytes;
        connections.end(connection);
      },
      onGone: (connection) => connections.gone(connection),
    };
    this.#sendings = new Sendings({ ...options, tally: options.events.tally });
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
    const { heldBytes } = this.#host.calls;
    const now = {
      callsInFlight: 0,
      streamsOpen: 0,
      clientCallsInFlight: 0,
      subscriptions: 0,
      bufferedBytes: 0,
      heldBytes,
    };
    let bytesSent = counters.bytesSent;
    for (const { sender } of this.#connections) now.bufferedBytes += sender.bufferedBytes;
    for (const connection of this.#connections.open) {
      now.callsInFlight += connection.callsInFlight;
      now.streamsOpen += connection.streams?.open ?? 0;
      now.clientCallsInFlight += connection.clientCalls?.size ?? 0;
      now.subscriptions += connection.subscriptions.size;
      bytesSent += connection.sender.sentBytes;
    }
    return { ...counters, bytesSent, ...now, connections: this.size, topics: events.size };
  }

  upgrade(request: Request, peer: PeerInfo): Upgrade | Response | Promise<Upgrade | Response> {
    const offer = offerOf(request, peer);
    const refusal = this.#refusal(request, offer);
    if (refusal !== undefined) return this.#refuse(offer, refusal);
    const { authorize } = this.#options;
    if (authorize === undefined) return this.#accept(offer, undefined as Auth);
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
    const { service, origins } = this.#options;
    const { name, onError } = this.#host;
    const context = { where: "origin", peer, service: name };
    const refusal = origins.refusal(request, (error) => onError(error, context));
    if (refusal !== undefined) return refusal;
    const ours = service.fingerprint;
    const differing = compareFingerprint(ours, fingerprint, this.#ancestry);
    return differing.length === 0 ? undefined : otherService(differing, ours);
  }

  #full(): boolean {
    return this.#closing !== undefined || this.#connections.full;
  }

  async #authorize(
    authorize: Authorize<Auth>,
    request: Request,
    offer: Offer,
  ): Promise<Upgrade | Response> {
    let decision: ReturnType<typeof decisionOf<Auth>>;
    try {
      decision = decisionOf(
        await this.#authorizations.wait(() => authorize(request, offer.peer)),
        offer.blind,
      );
    } catch (error) {
      const timeout = error instanceof AuthorizationTimeout ? error : undefined;
      const { name, onError } = this.#host;
      const context = { where: "authorize", peer: offer.peer, service: name };
      if (timeout?.isClosing !== true) onError(error, context);
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

  #accept({ protocol, extension, level, receives, peer }: Offer, auth: Auth): Upgrade {
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
        const sending = this.#sendings.at(level, receives, extension);
        const connection = new Connection(this.#host, { id, transport, sending, peer, auth });
        if (!connection.ended) this.#connections.open.add(connection);
        return connection;
      },
    };
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
      for (const connection of [...this.#connections.open]) {
        connection.close(CloseCode.GoingAway, reason);
      }
    });
    if (loop && this.size > 0) await untilQuiet(loop, () => counters.messagesReceived);
    const reason = goingAwayReason(spreadMs, true);
    for (const connection of [...this.#connections.open]) {
      connection.drain(CloseCode.GoingAway, reason);
    }
    if (this.#connections.open.size > 0) {
      await new Promise<void>((resolve) => this.#connections.onEmpty = resolve);
    }
    clock.clear(timer);
    this.#options.events.close();
  }
}
