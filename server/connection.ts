/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import { Reader } from "../codec/reader.ts";
import type { Service } from "../service/types.ts";
import { CloseCode } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import {
  type ProtocolError,
  RPC_HANDLER_ERRORS,
  RpcError,
  type RpcHandlerErrorCode,
} from "../wire/errors.ts";
import type { Limits } from "../wire/limits.ts";
import {
  ClientMessage,
  readClientMessage,
  writeErrorResponse,
  writeStateChange,
} from "../wire/messages.ts";
import { Receiver } from "../wire/receiver.ts";
import { Sender, type SharedMessage } from "../wire/sender.ts";
import type { CloseInfo, PeerInfo, Transport, TransportListener } from "../wire/transport.ts";
import { Backpressure } from "./backpressure.ts";
import type { Context, ErrorListener, ServiceHandler } from "./context.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import type { EventSwitch, Subscriber } from "./event_switch.ts";
import { ConnectionState, type StateShape } from "./state.ts";
import { Subscriptions } from "./subscriptions.ts";

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
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** Every number. */
  readonly limits: Limits;
  /** What happens to a peer that breaks the protocol. */
  readonly onProtocolError: "close" | "ignore";
  /** Is told of errors; never throws. */
  readonly onError: ErrorListener;
  /** The connection has ended: once. */
  onEnd(connection: Connection<Methods, State, Event, Auth>): void;
}

/** One peer, as its upgrade was accepted. */
export interface ConnectionPeer<Auth> {
  /** The open pipe. */
  readonly transport: Transport;
  /** Level to send at. */
  readonly level: number;
  /** Where it is. */
  readonly peer: PeerInfo;
  /** What `authorize` answered. */
  readonly auth: Auth;
}

const MAX_CALLS_IN_FLIGHT = 256;
const WIRE_CODES: ReadonlySet<string> = new Set(RPC_HANDLER_ERRORS);

/** One peer: its calls, its state, its topics, and its end. */
export class Connection<Methods, State, Event, Auth> implements TransportListener, Subscriber {
  readonly #host: ConnectionHost<Methods, State, Event, Auth>;
  readonly #transport: Transport;
  readonly #peer: PeerInfo;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #backpressure: Backpressure;
  readonly #reader: Reader;
  readonly #request = new ClientMessage();
  readonly #state: ConnectionState;
  readonly #subscriptions: Subscriptions;
  readonly #inFlight = new Uint8Array(MAX_CALLS_IN_FLIGHT);
  #callsInFlight = 0;
  #dispatcher: Dispatcher | undefined;
  #abort: AbortController | undefined;
  #closing = false;
  #ended = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #onDrained: (() => void) | undefined;

  /** Create on an open transport. */
  constructor(
    host: ConnectionHost<Methods, State, Event, Auth>,
    { transport, level, peer, auth }: ConnectionPeer<Auth>,
  ) {
    const { limits, deflater } = host;
    this.#host = host;
    this.#transport = transport;
    this.#peer = peer;
    this.#reader = new Reader(limits);
    this.#state = new ConnectionState(host.service.state, host.stateShape);
    this.#subscriptions = new Subscriptions(host.events, this, limits.maxSubscriptions);
    this.#sender = new Sender({
      transport,
      deflater,
      level,
      onError: (error) => this.#crash(error, "transport"),
      onIdle: () => this.#maybeDrained(),
    });
    this.#receiver = new Receiver({
      deflater,
      limits,
      onArchive: (bytes) => this.#onArchive(bytes),
      onError: (error) => this.#onProtocolError(error),
    });
    this.#backpressure = new Backpressure({
      sender: this.#sender,
      maxBufferedBytes: limits.maxBufferedBytes,
      patienceMs: limits.closeTimeoutMs,
      onStuck: () => this.close(CloseCode.SlowConsumer, "the peer does not read"),
    });
    try {
      this.#dispatcher = createDispatcher(host.service, host.handler, this.#makeContext(auth));
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
    if (!this.#closing) this.#receiver.push(message);
  }

  #onArchive(bytes: Uint8Array): void {
    const request = this.#request;
    this.#reader.reset(bytes);
    readClientMessage(this.#reader, 0, bytes.length, request);
    const { id } = request;
    // Rust ignores a second call with an id that is taken, and answers the first.
    if (this.#inFlight[id] !== 0) return;
    this.#inFlight[id] = 1;
    this.#callsInFlight++;
    this.#run(id, request.start, request.end);
  }

  #run(id: number, start: number, end: number): void {
    const dispatcher = this.#dispatcher!;
    let args: unknown;
    try {
      args = dispatcher.decode(this.#reader, start, end);
    } catch {
      this.#respondError(id, "ServerDecodeError");
      return;
    }
    const { method } = dispatcher;
    let output: unknown;
    try {
      output = dispatcher.call(method, args);
      if (isThenable(output)) output = Promise.resolve(output);
    } catch (error) {
      this.#onThrown(id, method, error);
      return;
    }
    if (output instanceof Promise) {
      output.then(
        (value) => this.#onOutput(id, method, value),
        (error) => this.#onThrown(id, method, error),
      );
    } else {
      this.#onOutput(id, method, output);
    }
  }

  #onOutput(id: number, method: number, output: unknown): void {
    if (this.#closing) return;
    const dispatcher = this.#dispatcher!;
    try {
      this.#flush();
    } catch (error) {
      this.#report(error, dispatcher.nameOf(method));
      this.#respondError(id, "HandlerPanicked");
      return;
    }
    const writer = this.#sender.begin();
    try {
      dispatcher.respond(writer, id, method, output);
    } catch (error) {
      this.#sender.abandon(writer);
      this.#report(error, dispatcher.nameOf(method));
      this.#respondError(id, "ServerEncodeError");
      return;
    }
    this.#settle(id);
    this.#sender.commit(writer);
    this.#backpressure.check();
    this.#maybeDrained();
  }

  #onThrown(id: number, method: number, error: unknown): void {
    if (this.#closing) return;
    const where = this.#dispatcher!.nameOf(method);
    try {
      this.#flush();
    } catch (stateError) {
      this.#report(stateError, where);
    }
    if (error instanceof RpcError && WIRE_CODES.has(error.code)) {
      this.#respondError(id, error.code as RpcHandlerErrorCode);
    } else {
      this.#report(error, where);
      this.#respondError(id, "HandlerPanicked");
    }
  }

  #respondError(id: number, code: RpcHandlerErrorCode): void {
    if (this.#closing) return;
    const writer = this.#sender.begin();
    writeErrorResponse(writer, id, code);
    this.#settle(id);
    this.#sender.commit(writer);
    this.#backpressure.check();
    this.#maybeDrained();
  }

  #settle(id: number): void {
    this.#inFlight[id] = 0;
    this.#callsInFlight--;
  }

  /** Send what has changed in the state. Throws `CodecError`. */
  #flush(): void {
    if (this.#closing) return;
    const updates = this.#state.takeUpdates(this.#callsInFlight > 1);
    if (updates.length === 0) return;
    const writer = this.#sender.begin();
    writeStateChange(writer, updates);
    this.#sender.commit(writer);
    this.#backpressure.check();
  }

  deliver(message: SharedMessage): void {
    if (this.#closing) return;
    const { level } = this.#sender;
    try {
      this.#sender.sendFramed(message.at(level), message.length);
    } catch (error) {
      this.#crash(error, "transport");
      return;
    }
    this.#backpressure.check();
  }

  #onProtocolError(error: ProtocolError): void {
    this.#report(error, "protocol");
    if (this.#host.onProtocolError === "ignore") return;
    this.close(error.closeCode, error.message);
  }

  #report(error: unknown, where: string): void {
    this.#host.onError(error, { where, peer: this.#peer });
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
    if (this.#closing || (this.#callsInFlight === 0 && this.#sender.idle)) this.#onDrained();
  }

  /** Begin the close; the transport is ended if the peer does not answer in time. */
  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#release();
    this.#closeTimer = setTimeout(() => {
      this.#transport.terminate();
      this.#end();
    }, this.#host.limits.closeTimeoutMs);
    this.#transport.close(code, reason);
  }

  onClose(_info: CloseInfo): void {
    this.#release();
    this.#end();
  }

  /** Let go of everything but the transport: nothing more is sent or received. */
  #release(): void {
    if (this.#closing) return;
    this.#closing = true;
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
    clearTimeout(this.#closeTimer);
    this.#host.onEnd(this);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
