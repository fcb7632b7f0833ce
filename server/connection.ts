/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import { MAX_BATCH_BYTES } from "../wire/layout.ts";
import { CloseCode } from "../wire/close.ts";
import type { ProtocolError } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
import { readClientMessage, readShortMessage, RPC_REQUEST } from "../wire/messages.ts";
import { receive } from "../wire/receiver.ts";
import { isSeldom } from "../wire/seldom.ts";
import { Sender, surelyTakes } from "../wire/sender.ts";
import type { SharedMessage } from "../wire/shared_message.ts";
import type { CloseInfo, PeerInfo, Transport } from "../wire/transport.ts";
import { forgetCalls, OpenCalls } from "./caller.ts";
import {
  type ConnectionHost,
  type ConnectionPeer,
  type ConnectionRoles,
  Ending,
} from "./connection_host.ts";
import { createContext } from "./context.ts";
import { receiveMore } from "./extension.ts";
import { ConnectionState } from "./state.ts";
import { Subscriptions } from "./subscriptions.ts";
import { TokenBucket } from "./token_bucket.ts";
import { limitError, stateTooBig, tooBig } from "./too_big.ts";

/**
 * One peer: its calls, its state, its topics and its end.
 *
 * A server has one per peer, and most are idle: everything possible is shared, and the rest is created on first
 * use. The class implements its listeners itself, because each function would cost 32 bytes.
 */
export class Connection<State, Event, Auth> extends OpenCalls implements ConnectionRoles<Event> {
  readonly id: number;
  readonly peer: PeerInfo;
  readonly sender: Sender;
  readonly subscriptions: Subscriptions;
  readonly rate: TokenBucket | undefined;
  target: unknown;
  checkedBytes = 0;
  patience: unknown;
  slot = -1;
  closing = false;
  readonly #host: ConnectionHost<State, Event, Auth>;
  readonly #state: ConnectionState;
  #ending: Ending | undefined;
  #abort: AbortController | undefined;
  #tooBig = 0;

  /** Create on an open transport. */
  constructor(
    host: ConnectionHost<State, Event, Auth>,
    { id, transport, sending, peer, auth }: ConnectionPeer<Auth>,
  ) {
    super();
    this.id = id;
    this.peer = peer;
    this.#host = host;
    this.sender = new Sender(transport, sending, this);
    this.subscriptions = new Subscriptions(this);
    this.#state = new ConnectionState(host.stateShape);
    this.rate = host.callRate && new TokenBucket(host.callRate, () => host.clock.now());
    host.counters.connectionsOpened++;
    host.telemetry?.opened(id, peer);
    try {
      this.target = host.dispatcher.targetOf(createContext(this, auth));
      // The handler's factory may set up the state or end the connection.
      this.flush();
    } catch (error) {
      this.#crash(error, "handler");
    }
  }

  /** Whether it has ended, possibly during construction. */
  get ended(): boolean {
    return this.#ending?.ended === true;
  }

  get mute(): boolean {
    return this.#ending?.mute === true;
  }

  get transport(): Transport {
    return this.sender.transport;
  }

  get client(): object {
    return this.#host.clients.of(this);
  }

  makeStateObject(): object {
    return this.#host.stateShape.makeObject(this.#state);
  }

  get events(): ConnectionRoles<Event>["events"] {
    return this.#host.events;
  }

  get limits(): ConnectionRoles<Event>["limits"] {
    return this.#host.limits;
  }

  get signal(): AbortSignal {
    const abort = this.#abort ??= new AbortController();
    if (this.closing) abort.abort();
    return abort.signal;
  }

  onMessage(message: Uint8Array, from = 0): number | void {
    if (this.closing || this.target === undefined) return;
    const host = this.#host;
    host.counters.messagesReceived++;
    const mayBeMore = this.#extension > 0 && message.length <= MAX_BATCH_BYTES;
    const taken = receive(message, host, this, mayBeMore, from) - from;
    host.counters.bytesReceived += taken;
    return taken;
  }

  get #extension(): Extension {
    return this.sender.options.extension ?? 0;
  }

  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void {
    const { reader, request, calls } = this.#host;
    if (isShort) readShortMessage(reader, bytes, start, end, request);
    else {
      reader.reset(bytes);
      readClientMessage(reader, start, end, request, this.#extension);
    }
    if (request.kind === RPC_REQUEST) calls.receive(this, request);
    else receiveMore(this, request, this.#host);
  }

  onProtocolError(error: ProtocolError): void {
    if (this.closing) return;
    const count = ++this.#host.counters.protocolErrors;
    const closes = this.#host.onProtocolError === "close";
    // If violations are ignored, a peer can cause this at any rate.
    if (closes || isSeldom(count)) this.#report(error, "protocol");
    if (closes) this.close(error.closeCode, error.message);
  }

  /** Send state changes. Throws `CodecError` afterwards if a field does not encode. */
  flush(): void {
    if (this.mute) return;
    const from = this.#state.firstTouched();
    if (from === -1) return;
    const failure = this.#state.send(this.sender, from, this);
    this.#host.backpressure.check(this);
    if (failure !== undefined) throw failure;
  }

  /** The client must not miss a change: its state would be wrong. */
  onChangeTooBig(places: readonly number[]): void {
    // Nor receive an answer that follows it.
    this.#end.silence(this.sender);
    if (this.closing) return;
    const { field, error } = stateTooBig(places, this.#host.stateShape.fields, this.sender.options);
    this.#report(error, "state");
    this.close(CloseCode.TooBig, `a change of the state is too big for this client: ${field}`);
  }

  admits(bytes: number): boolean {
    return this.#host.backpressure.admits(this, bytes);
  }

  deliver(message: SharedMessage): void {
    if (this.closing || !this.admits(message.length)) return;
    this.#host.counters.eventsDelivered++;
    const { sender } = this;
    try {
      if (surelyTakes(sender.options, message.length)) sender.sendShared(message);
      else sender.sendShared(message, (taken) => taken || this.#onEventTooBig());
    } catch (error) {
      return this.#crash(error, "transport");
    }
    this.#host.backpressure.check(this);
  }

  /** A client can miss an event. */
  #onEventTooBig(): void {
    if (this.closing) return;
    this.#host.counters.eventsTooBig++;
    this.onTooBig("An event that was skipped", "event");
  }

  /** Throttled: a client chooses its own limit and can cause this at any rate. */
  onTooBig(what: string, where: string, method?: string): void {
    if (!isSeldom(++this.#tooBig)) return;
    this.#report(tooBig(`${what} (number ${this.#tooBig})`, this.sender.options), where, method);
  }

  onSent(): void {
    this.#host.backpressure.check(this);
  }

  onAnswered(): void {
    if (this.closing) return;
    this.onSent();
    this.#closeIfDrained();
  }

  onCallError(error: unknown, method: string | undefined, untold: number): void {
    this.#report(error, method ?? "call", method, untold);
  }

  onStuck(): void {
    if (this.closing) return this.transport.terminate();
    this.#host.counters.slowConsumersClosed++;
    this.close(CloseCode.SlowConsumer, "the peer does not read");
  }

  onSendError(error: unknown): void {
    const late = this.closing;
    this.#crash(error, "transport");
    // Unsent messages are lost: nothing to wait for.
    if (late) this.onIdle();
  }

  #report(error: unknown, where: string, method?: string, untold = 0): void {
    const { name, onError } = this.#host;
    const context = { where, peer: this.peer, service: name, connection: this.id, method };
    onError(error, untold === 0 ? context : { ...context, untold });
  }

  #crash(error: unknown, where: string): void {
    this.#report(error, where);
    this.close(CloseCode.Internal, "the server failed");
  }

  /** Close as soon as no call is in flight and every answer was sent. */
  drain(code: number, reason: string): void {
    if (this.closing) return;
    this.#end.whenDrained = { code, reason };
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    const info = this.#ending?.whenDrained;
    // In one step: a call could begin between the check and the close.
    if (info === undefined || this.callsInFlight > 0 || !this.sender.idle) return;
    this.close(info.code, info.reason);
  }

  onIdle(): void {
    // The transport may have copied the sent messages.
    if (!this.closing) return this.onAnswered();
    if (this.mute) this.#end.hangUp(this.sender);
  }

  get #end(): Ending {
    return this.#ending ??= new Ending();
  }

  /**
   * Begin the close. Answers are sent first, unless the peer doesn't read. The transport is cut if that and the
   * peer's close take too long.
   */
  close(code: number, reason: string): void {
    if (this.closing) return;
    const { clock, limits } = this.#host;
    const hangUp = this.#end.begin({ code, reason }, this.sender, this.callsInFlight);
    this.#release();
    this.#end.timer = clock.after(limits.closeTimeoutMs, () => {
      this.transport.terminate();
      this.#finish();
    });
    hangUp();
  }

  onClose(info: CloseInfo): void {
    const error = this.closing ? undefined : limitError(info);
    if (error !== undefined) {
      this.#host.counters.protocolErrors++;
      this.#report(error, "protocol");
    }
    this.#end.closedWith ??= info;
    this.#end.silence(this.sender);
    this.#release();
    this.#finish();
  }

  /** Release everything except the transport and its queue: nothing more is received. */
  #release(): void {
    if (this.closing) return;
    this.closing = true;
    forgetCalls(this);
    this.#host.backpressure.stop(this);
    this.subscriptions.close();
    this.#abort?.abort();
  }

  onGone(): void {
    this.#host.onGone(this);
  }

  #finish(): void {
    const end = this.#end;
    if (end.ended) return;
    end.ended = true;
    this.sender.close();
    const { clock, telemetry } = this.#host;
    clock.clear(end.timer);
    const { code, reason } = end.closedWith ?? { code: 1006, reason: "" };
    telemetry?.closed(this.id, this.peer, code, reason);
    this.#host.onEnd(this);
  }
}
