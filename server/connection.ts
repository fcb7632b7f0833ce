/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import type { Service } from "../service/types.ts";
import type { Clock } from "../wire/clock.ts";
import { CloseCode } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import type { Receives } from "../wire/handshake.ts";
import type { ProtocolError } from "../wire/errors.ts";
import type { Limits } from "../wire/limits.ts";
import { type ClientMessage, readClientMessage, writeStateChange } from "../wire/messages.ts";
import { Receiver } from "../wire/receiver.ts";
import { Sender, type SharedMessage } from "../wire/sender.ts";
import type { CloseInfo, PeerInfo, Transport, TransportListener } from "../wire/transport.ts";
import { Backpressure } from "./backpressure.ts";
import { ServerCalls } from "./calls.ts";
import type { Context, ErrorListener, ServiceHandler } from "./context.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { EventSwitch, Subscriber } from "./event_switch.ts";
import { ConnectionState, type StateShape } from "./state.ts";
import type { ServerCounters } from "./stats.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { ServerTelemetry } from "./telemetry.ts";
import { type CallRate, TokenBucket } from "./token_bucket.ts";

/** What all connections of a server share. */
export interface ConnectionHost<Methods, State, Event, Auth> {
  /** What is served. */
  readonly service: Service<Methods, State, Event>;
  /** Who answers. */
  readonly handler: ServiceHandler<Methods, State, Event, Auth>;
  /** The properties of the state object. */
  readonly stateShape: StateShape;
  /** Where events go. */
  readonly events: EventSwitch<Event>;
  /** Reads the message that came last: of all connections, since one that is idle must keep none. */
  readonly reader: Reader;
  /** The message that came last. */
  readonly request: ClientMessage;
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** Whose time it is. */
  readonly clock: Clock;
  /** Every number. */
  readonly limits: Limits;
  /** What happens to a peer that breaks the protocol. */
  readonly onProtocolError: "close" | "ignore";
  /** Is told of errors; never throws. */
  readonly onError: ErrorListener;
  /** Counts of all connections. */
  readonly counters: ServerCounters;
  /** Who watches, if anybody does. */
  readonly telemetry: ServerTelemetry | undefined;
  /** How often a peer may call; absent, as often as it likes. */
  readonly callRate: CallRate | undefined;
  /** The connection has ended: once. */
  onEnd(connection: Connection<Methods, State, Event, Auth>): void;
}

/** One peer, as its upgrade was accepted. */
export interface ConnectionPeer<Auth> {
  /** The number of the connection on its server. It never leaves it. */
  readonly id: number;
  /** The open pipe. */
  readonly transport: Transport;
  /** Level to send at. */
  readonly level: number;
  /** The largest message it takes. */
  readonly receives: Receives;
  /** Where it is. */
  readonly peer: PeerInfo;
  /** What `authorize` answered. */
  readonly auth: Auth;
}

/** One peer: its calls, its state, its topics, and its end. */
export class Connection<Methods, State, Event, Auth> implements TransportListener, Subscriber {
  /** Its number on its server. */
  readonly id: number;
  readonly #host: ConnectionHost<Methods, State, Event, Auth>;
  readonly #transport: Transport;
  readonly #peer: PeerInfo;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #backpressure: Backpressure;
  readonly #state: ConnectionState;
  readonly #subscriptions: Subscriptions;
  readonly #calls: ServerCalls;
  #closedWith: CloseInfo | undefined;
  #abort: AbortController | undefined;
  #closing = false;
  #ended = false;
  #closeTimer: unknown;
  #onDrained: (() => void) | undefined;

  /** Create on an open transport. */
  constructor(
    host: ConnectionHost<Methods, State, Event, Auth>,
    { id, transport, level, receives, peer, auth }: ConnectionPeer<Auth>,
  ) {
    const { limits, deflater, clock, counters, telemetry } = host;
    this.id = id;
    this.#host = host;
    this.#transport = transport;
    this.#peer = peer;
    this.#state = new ConnectionState(host.service.state, host.stateShape);
    this.#subscriptions = new Subscriptions(host.events, this, limits.maxSubscriptions);
    this.#sender = new Sender({
      transport,
      deflater,
      level,
      receives,
      onError: (error) => this.#crash(error, "transport"),
      onIdle: () => this.#maybeDrained(),
    });
    this.#receiver = new Receiver({
      deflater,
      limits,
      onArchive: (bytes, start, end) => this.#onArchive(bytes, start, end),
      onError: (error) => this.#onProtocolError(error),
    });
    this.#backpressure = new Backpressure({
      sender: this.#sender,
      clock,
      maxBufferedBytes: limits.maxBufferedBytes,
      patienceMs: limits.closeTimeoutMs,
      onStuck: () => {
        counters.slowConsumersClosed++;
        this.close(CloseCode.SlowConsumer, "the peer does not read");
      },
    });
    this.#calls = new ServerCalls({
      sender: this.#sender,
      reader: host.reader,
      connection: id,
      counters,
      telemetry,
      rate: host.callRate && new TokenBucket(host.callRate, () => clock.now()),
      flush: () => this.#flush(),
      onAnswered: () => {
        this.#backpressure.check();
        this.#maybeDrained();
      },
      onError: (error, method) => this.#report(error, method, method),
    });
    counters.connectionsOpened++;
    telemetry?.opened(id, peer);
    try {
      this.#calls.start(createDispatcher(host.service, host.handler, this.#makeContext(auth)));
      // A handler may set its state up, or end the connection, as it is made.
      this.#flush();
    } catch (error) {
      this.#crash(error, "handler");
    }
  }

  /** Whether it has ended: it may do so while it is made. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls under way. */
  get callsInFlight(): number {
    return this.#calls.inFlight;
  }

  /** Topics it is subscribed to. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Bytes of all messages sent, as they stand on the wire. */
  get sentBytes(): number {
    return this.#sender.sentBytes;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#closing ? 0 : this.#sender.bufferedBytes;
  }

  #makeContext(auth: Auth): Context<State, Event, Auth> {
    const signal = () => this.#signal();
    return {
      state: this.#state.object as State,
      subscriptions: this.#subscriptions,
      events: this.#host.events,
      peer: this.#peer,
      auth,
      get signal(): AbortSignal {
        return signal();
      },
      connection: {
        sync: () => {
          if (this.#closing) return;
          this.#state.touchAll();
          this.#flush();
        },
        close: (code = CloseCode.Normal, reason = "") => this.close(code, reason),
      },
    };
  }

  #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#closing) this.#abort.abort();
    return this.#abort.signal;
  }

  onMessage(message: Uint8Array): void {
    if (this.#closing) return;
    const { counters } = this.#host;
    counters.messagesReceived++;
    counters.bytesReceived += message.length;
    this.#receiver.push(message);
  }

  #onArchive(bytes: Uint8Array, start: number, end: number): void {
    const { reader, request } = this.#host;
    reader.reset(bytes);
    readClientMessage(reader, start, end, request);
    this.#calls.receive(request);
  }

  /** Send what has changed in the state. Throws `CodecError`. */
  #flush(): void {
    if (this.#closing) return;
    const updates = this.#state.takeUpdates(this.#calls.inFlight > 1);
    if (updates.length === 0) return;
    const writer = this.#sender.begin();
    writeStateChange(writer, updates);
    // The client must not go on without a change: it would have a wrong state.
    this.#sender.commit(writer, () => this.#crash(tooBig("A change of the state"), "state"));
    this.#backpressure.check();
  }

  deliver(message: SharedMessage): void {
    if (this.#closing) return;
    this.#host.counters.eventsDelivered++;
    try {
      this.#sender.sendShared(message);
    } catch (error) {
      this.#crash(error, "transport");
      return;
    }
    this.#backpressure.check();
  }

  #onProtocolError(error: ProtocolError): void {
    this.#host.counters.protocolErrors++;
    this.#report(error, "protocol");
    if (this.#host.onProtocolError === "ignore") return;
    this.close(error.closeCode, error.message);
  }

  #report(error: unknown, where: string, method?: string): void {
    const { service, onError } = this.#host;
    onError(error, { where, peer: this.#peer, service: service.name, connection: this.id, method });
  }

  #crash(error: unknown, where: string): void {
    this.#report(error, where);
    this.close(CloseCode.Internal, "the server failed");
  }

  /** Resolve when no call is under way and every answer has been handed over, or when it has ended. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#maybeDrained();
    });
  }

  #maybeDrained(): void {
    if (this.#onDrained === undefined) return;
    if (this.#closing || (this.#calls.inFlight === 0 && this.#sender.idle)) this.#onDrained();
  }

  /** Begin the close; the transport is ended if the peer does not answer in time. */
  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closedWith = { code, reason };
    this.#release();
    const { clock, limits } = this.#host;
    this.#closeTimer = clock.after(limits.closeTimeoutMs, () => {
      this.#transport.terminate();
      this.#end();
    });
    this.#transport.close(code, reason);
  }

  onClose(info: CloseInfo): void {
    this.#closedWith ??= info;
    this.#release();
    this.#end();
  }

  /** Let go of everything but the transport: nothing more is sent or received. */
  #release(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#calls.close();
    this.#receiver.close();
    this.#sender.close();
    this.#backpressure.stop();
    this.#subscriptions.close();
    this.#abort?.abort();
    this.#maybeDrained();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#host.clock.clear(this.#closeTimer);
    const { code, reason } = this.#closedWith ?? { code: 1006, reason: "" };
    this.#host.telemetry?.closed(this.id, this.#peer, code, reason);
    this.#host.onEnd(this);
  }
}

function tooBig(what: string): RangeError {
  return new RangeError(`${what} is larger than its client takes: see maxMessageBytes`);
}
