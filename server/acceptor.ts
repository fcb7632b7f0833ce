/**
 * {@linkcode ServiceAcceptor}: who may connect, and all who are.
 *
 * @module
 */
import { Reader } from "../codec/reader.ts";
import { Ancestry } from "../service/fingerprint.ts";
import { CloseCode, defaultSpreadMs, goingAwayReason } from "../wire/close.ts";
import {
  ALIAS,
  chooseLevel,
  compareFingerprint,
  FINGERPRINT_QUERY,
  LEVEL_HEADER,
  parseProtocols,
  PROTOCOL,
  type Receives,
  receivesOf,
  REFUSED,
} from "../wire/handshake.ts";
import { ClientMessage } from "../wire/messages.ts";
import type {
  Acceptor,
  PeerInfo,
  Transport,
  TransportListener,
  Upgrade,
} from "../wire/transport.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import { type Refusal, refuseByClose, refuseByResponse } from "./refusal.ts";
import type { ServerStats } from "./stats.ts";

/** What `authorize` answers: what the handler gets as `auth`, or a refusal. */
export type Authorization<Auth> = Auth | Response | false;

/** Decides on a connection before it opens. Reads what it needs of the request at once. */
export type Authorize<Auth> = (
  request: Request,
  peer: PeerInfo,
) => Authorization<Auth> | PromiseLike<Authorization<Auth>>;

/** What an acceptor needs, besides what its connections need. */
export interface AcceptorOptions<Methods, State, Event, Auth>
  extends Omit<ConnectionHost<Methods, State, Event, Auth>, "onEnd" | "reader" | "request"> {
  /** Origins that may connect, besides the request's own host: `"https://example.com"`. */
  readonly origins?: readonly string[] | undefined;
  /** Decides on each connection; absent, all may. */
  readonly authorize?: Authorize<Auth> | undefined;
}

interface Offer {
  readonly protocol: string;
  readonly level: number;
  readonly receives: Receives;
  readonly peer: PeerInfo;
  /** Whether the client cannot read an HTTP refusal. */
  readonly blind: boolean;
}

/** Decides on upgrades by protocol, room, origin, service and `authorize`, in this order. */
export class ServiceAcceptor<Methods, State, Event, Auth> implements Acceptor {
  readonly #options: AcceptorOptions<Methods, State, Event, Auth>;
  readonly #ancestry: Ancestry;
  readonly #host: ConnectionHost<Methods, State, Event, Auth>;
  readonly #connections = new Set<Connection<Methods, State, Event, Auth>>();
  #closing: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #lastId = 0;
  readonly maxMessageBytes: number;
  readonly idleTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;

  /** Create for one service. */
  constructor(options: AcceptorOptions<Methods, State, Event, Auth>) {
    this.#options = options;
    this.#ancestry = new Ancestry(options.service);
    this.#host = {
      ...options,
      reader: new Reader(options.limits),
      request: new ClientMessage(),
      onEnd: (connection) => {
        this.#connections.delete(connection);
        options.counters.bytesSent += connection.sentBytes;
        if (this.#connections.size === 0) this.#onEmpty?.();
      },
    };
    this.maxMessageBytes = options.limits.maxMessageBytes;
    this.idleTimeoutMs = options.limits.idleTimeoutMs;
    this.closeTimeoutMs = options.limits.closeTimeoutMs;
    this.handshakeTimeoutMs = options.limits.handshakeTimeoutMs;
  }

  /** How many connections there are. */
  get size(): number {
    return this.#connections.size;
  }

  /** The server in numbers. */
  stats(): ServerStats {
    const { counters, events } = this.#options;
    const now = { callsInFlight: 0, subscriptions: 0, bufferedBytes: 0 };
    let bytesSent = counters.bytesSent;
    for (const connection of this.#connections) {
      now.callsInFlight += connection.callsInFlight;
      now.subscriptions += connection.subscriptions;
      now.bufferedBytes += connection.bufferedBytes;
      bytesSent += connection.sentBytes;
    }
    return { ...counters, bytesSent, ...now, connections: this.size, topics: events.size };
  }

  upgrade(request: Request, peer: PeerInfo): Upgrade | Response | Promise<Upgrade | Response> {
    const { headers } = request;
    const offered = parseProtocols(headers.get("sec-websocket-protocol"));
    const protocol = offered.includes(PROTOCOL) ? PROTOCOL : ALIAS;
    const offer: Offer = {
      protocol,
      level: chooseLevel(headers.get(LEVEL_HEADER), offered),
      receives: receivesOf(new URL(request.url).searchParams),
      peer,
      blind: protocol === ALIAS && offered.includes(REFUSED),
    };
    const refusal = this.#refusal(request, offered, protocol);
    if (refusal !== undefined) return this.#refuse(offer, refusal);
    const { authorize } = this.#options;
    if (authorize === undefined) return this.#accept(offer, undefined as Auth);
    return this.#authorize(authorize, request, offer);
  }

  #refusal(request: Request, offered: readonly string[], protocol: string): Refusal | undefined {
    const { headers } = request;
    if (!offered.includes(protocol)) {
      return {
        code: "ProtocolMismatch",
        reason: `This server speaks ${PROTOCOL} (or ${ALIAS}): offer it in Sec-WebSocket-Protocol`,
      };
    }
    if (this.#full()) return TOO_BUSY;
    const origin = headers.get("origin");
    if (origin !== null && !this.#mayConnect(origin, headers.get("host"))) {
      return { code: "OriginRefused", reason: "This origin is not allowed" };
    }
    const { service } = this.#options;
    const theirs = new URL(request.url).searchParams.get(FINGERPRINT_QUERY);
    const differing = compareFingerprint(service.fingerprint, theirs, this.#ancestry);
    if (differing.length === 0) return undefined;
    return {
      code: "SchemaMismatch",
      reason: `The two sides were built from different services: ${differing.join(", ")} differ`,
    };
  }

  #full(): boolean {
    return this.#closing !== undefined ||
      this.#connections.size >= this.#options.limits.maxConnections;
  }

  #mayConnect(origin: string, host: string | null): boolean {
    if (this.#options.origins?.includes(origin) === true) return true;
    try {
      const { protocol, host: from } = new URL(origin);
      // Through URL, so that a port that goes without saying is no difference.
      return host !== null && new URL(`${protocol}//${host}`).host === from;
    } catch {
      return false;
    }
  }

  async #authorize(
    authorize: Authorize<Auth>,
    request: Request,
    offer: Offer,
  ): Promise<Upgrade | Response> {
    let answer: Authorization<Auth>;
    try {
      answer = await authorize(request, offer.peer);
    } catch (error) {
      const { service, onError } = this.#host;
      onError(error, { where: "authorize", peer: offer.peer, service: service.name });
      return this.#refuse(offer, { code: "BadHandshake", reason: "The server failed" });
    }
    if (!answer || answer instanceof Response) {
      const refusal = this.#refuse(offer, UNAUTHORIZED);
      return answer instanceof Response && !offer.blind ? answer : refusal;
    }
    if (this.#full()) return this.#refuse(offer, TOO_BUSY);
    return this.#accept(offer, answer);
  }

  #refuse(offer: Offer, refusal: Refusal): Upgrade | Response {
    this.#countRefusal(offer.peer, refusal);
    return offer.blind ? refuseByClose(refusal) : refuseByResponse(refusal);
  }

  #countRefusal(peer: PeerInfo, { code }: Refusal): void {
    this.#options.counters.connectionsRefused++;
    this.#options.telemetry?.refused(peer, code);
  }

  #accept({ protocol, level, receives, peer }: Offer, auth: Auth): Upgrade {
    return {
      protocol,
      headers: { [LEVEL_HEADER]: String(level) },
      open: (transport: Transport): TransportListener => {
        if (this.#full()) {
          this.#countRefusal(peer, TOO_BUSY);
          return refuseByClose(TOO_BUSY).open(transport);
        }
        const id = ++this.#lastId;
        const connection = new Connection(this.#host, {
          id,
          transport,
          level,
          receives,
          peer,
          auth,
        });
        if (!connection.ended) this.#connections.add(connection);
        return connection;
      },
    };
  }

  /**
   * Accept nothing more, let calls under way finish until `deadlineMs` are over, and close every
   * connection with 4001, which asks clients to come back within `spreadMs`, each at a moment of its
   * own. Resolves when all have ended, at most `closeTimeoutMs` after that.
   */
  close(deadlineMs: number, spreadMs?: number): Promise<void> {
    return this.#closing ??= this.#drain(deadlineMs, spreadMs ?? defaultSpreadMs(this.size));
  }

  async #drain(deadlineMs: number, spreadMs: number): Promise<void> {
    // Let `#closing` be set before anything can be asked.
    await undefined;
    const { clock } = this.#options;
    let timer: unknown;
    const deadline = new Promise<void>((resolve) => timer = clock.after(deadlineMs, resolve));
    const each = [...this.#connections].map(async (connection) => {
      await Promise.race([connection.drained(), deadline]);
      connection.close(CloseCode.GoingAway, goingAwayReason(spreadMs));
    });
    await Promise.all(each);
    clock.clear(timer);
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#onEmpty = resolve);
    }
    this.#options.events.close();
  }
}

const TOO_BUSY: Refusal = { code: "TooBusy", reason: "The server is full or going away" };
const UNAUTHORIZED: Refusal = { code: "Unauthorized", reason: "The request was not authorised" };
