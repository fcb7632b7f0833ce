/**
 * Joins a dialer and an acceptor without a socket: for tests, and for peers in one process.
 *
 * @module
 */

import { CloseCode } from "../wire/close.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import { ConnectError } from "../wire/errors.ts";
import {
  type Extension,
  EXTENSION_HEADER,
  extensionAnswered,
  LEVEL_HEADER,
  PROTOCOL,
  REFUSED_HEADER,
} from "../wire/handshake.ts";
import type {
  Acceptor,
  CloseInfo,
  Dialer,
  DialRequest,
  TransportLimits,
} from "../wire/transport.ts";
import { refusalError } from "./dial_errors.ts";
import { inBatches } from "./gatherer.ts";
import { GuardedTransport } from "./guard.ts";
import { afterInput } from "./turn.ts";
import { Heartbeat } from "./websocket/heartbeat.ts";

/** Deliveries of one end before the event loop gets a turn: a stream makes thousands without a pause. */
const DELIVERIES_A_TURN = 256;

/** Called with each message as it is on the wire. Its bytes must not be changed. */
export type MessageListener = (message: Uint8Array, from: "client" | "server") => void;

/** The connections between dialers and an acceptor in one process. */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #onMessage: MessageListener | undefined;
  #age = 0;

  /** Create. */
  constructor(clock: Clock = systemClock, onMessage?: MessageListener) {
    this.#clock = clock;
    this.#onMessage = onMessage;
  }

  /** Silently stop all current connections, as a dead network does. New ones can be made. */
  freeze(): void {
    this.#age++;
  }

  /** Two joined ends. */
  pair(
    clientLimits: TransportLimits,
    serverLimits: TransportLimits,
    extension?: Extension,
  ): [client: MemoryTransport, server: MemoryTransport] {
    const age = this.#age;
    const carries = (): boolean => this.#age === age;
    const onMessage = this.#onMessage;
    const end = (limits: TransportLimits, from: "client" | "server"): MemoryTransport => {
      const onSend = onMessage && ((message: Uint8Array) => onMessage(message, from));
      return new MemoryTransport(limits, this.#clock, carries, extension, onSend);
    };
    const client = end(clientLimits, "client");
    const server = end(serverLimits, "server");
    client.join(server);
    server.join(client);
    return [client, server];
  }
}

/** One end. Delivers in order, in the next microtask and sometimes in the next turn. */
class MemoryTransport extends GuardedTransport {
  readonly #carries: () => boolean;
  readonly #onSend: ((message: Uint8Array) => void) | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  #peer: MemoryTransport | undefined;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queuedBytes = 0;
  #closing: CloseInfo | undefined;
  #scheduled = false;
  #deliveries = 0;
  #dropped = false;

  constructor(
    limits: TransportLimits,
    clock: Clock,
    carries: () => boolean,
    extension: Extension | undefined,
    onSend: ((message: Uint8Array) => void) | undefined,
  ) {
    const { maxMessageBytes, idleTimeoutMs } = limits;
    super(maxMessageBytes, extension);
    // No socket can outlive it.
    this.leave();
    this.#carries = carries;
    this.#onSend = onSend;
    if (idleTimeoutMs > 0) {
      this.#heartbeat = new Heartbeat({
        clock,
        idleTimeoutMs,
        ping: () => this.#ping(),
        onDead: () =>
          this.#cut({
            code: CloseCode.IdleTimeout,
            reason: `The peer was silent for ${2 * idleTimeoutMs} ms`,
          }),
      });
    }
  }

  /** Join to the other end. */
  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  /** Bytes not yet delivered to the peer. */
  get bufferedAmount(): number {
    return this.#queuedBytes;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    if (!this.ended && this.#closing === undefined) this.sendNow(message);
  }

  protected sendNow(message: Uint8Array<ArrayBuffer>): void {
    const own = message.slice();
    this.#queue.push(own);
    this.#queuedBytes += own.length;
    const onSend = this.#onSend;
    if (onSend !== undefined) {
      // Copied before it is delivered, which may change it; an error of the listener affects nothing else.
      const sent = message.slice();
      queueMicrotask(() => onSend(sent));
    }
    this.#schedule();
  }

  terminate(): void {
    this.#cut({ code: 1006, reason: "Terminated" });
  }

  /** End without a handshake. */
  #cut(info: CloseInfo): void {
    if (this.ended) return;
    this.drop();
    this.end(info);
    const peer = this.#peer;
    queueMicrotask(() => {
      if (!this.#carries()) return;
      peer?.drop();
      peer?.end({ code: 1006, reason: "The peer hung up" });
    });
  }

  #ping(): void {
    const peer = this.#peer;
    queueMicrotask(() => {
      if (!this.#carries() || peer === undefined || peer.ended) return;
      peer.#heartbeat?.heard();
      this.#heartbeat?.heard();
    });
  }

  protected hangUp(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    this.#schedule();
  }

  /** This end sends no more. */
  drop(): void {
    this.#heartbeat?.stop();
    this.#dropped = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Two ends that keep answering each other in microtasks would starve timers.
    if (++this.#deliveries % DELIVERIES_A_TURN === 0) setTimeout(() => this.#deliver(), 0);
    else queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    if (!this.#carries()) return;
    const peer = this.#peer;
    const messages = this.gathers && this.#queue.length > 1 ? inBatches(this.#queue) : this.#queue;
    this.#queue = [];
    for (let at = 0; at < messages.length;) {
      // A listener may end either side between two messages.
      if (this.#dropped) return;
      const message = messages[at++]!;
      this.#queuedBytes -= message.length;
      // A closing peer receives no more messages.
      if (peer === undefined || peer.#closing !== undefined) continue;
      peer.#heartbeat?.heard();
      const heard = peer.receive(message) ?? message.length;
      const taken = Math.abs(heard);
      if (taken < message.length) {
        const rest = messages[--at] = message.subarray(taken);
        this.#queuedBytes += rest.length;
      }
      if (heard < 0) {
        this.#queue = [...messages.slice(at), ...this.#queue];
        return afterInput(() => this.#deliver());
      }
    }
    this.#scheduled = false;
    if (this.#queue.length > 0) return this.#schedule();
    const info = this.#closing;
    if (info === undefined) return;
    peer?.drop();
    peer?.end(info);
    this.drop();
    this.end(info);
  }
}

/**
 * A dialer whose every attempt asks `acceptor` as a server would, and joins both sides.
 *
 * Both ends keep the port's promises: bytes are copied, order is kept, nothing is delivered inside `send`, and
 * each side is notified of the end once.
 */
export function memoryDialer(
  acceptor: Acceptor,
  network: MemoryNetwork = new MemoryNetwork(),
): Dialer {
  return async (request, open) => {
    const { signal } = request;
    signal.throwIfAborted();
    const decision = await untilAborted(
      Promise.resolve(acceptor.upgrade(upgradeRequest(request), { address: "" })),
      signal,
    );
    if (decision instanceof Response) {
      const body = await untilAborted(decision.text(), signal);
      throw refusalError("memory", decision.status, decision.headers.get(REFUSED_HEADER), body);
    }
    const { protocol, headers } = decision;
    if (protocol !== PROTOCOL) {
      throw new ConnectError(
        "ProtocolMismatch",
        `The server speaks "${protocol}", not "${PROTOCOL}"`,
      );
    }
    const extension = extensionAnswered(headers[EXTENSION_HEADER]);
    const [client, server] = network.pair(request, acceptor, extension);
    client.attach(() => open(client, { protocol, extension }));
    server.attach(() => decision.open(server));
  };
}

function upgradeRequest({ url, level, headers: further }: DialRequest): Request {
  const headers = new Headers(further);
  headers.set("connection", "Upgrade");
  headers.set("upgrade", "websocket");
  headers.set("sec-websocket-version", "13");
  headers.set("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
  headers.set("sec-websocket-protocol", PROTOCOL);
  headers.set(LEVEL_HEADER, String(level));
  const address = new URL(url);
  headers.set("host", address.host);
  const request = new Request(address.href.replace(/^ws/, "http"));
  // A browser's `Request` drops these headers; free-standing `Headers` keep them.
  return Object.defineProperty(request, "headers", { value: headers });
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
