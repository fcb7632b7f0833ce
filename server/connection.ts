/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import { CloseCode } from "../wire/close.ts";
import { ProtocolError } from "../wire/errors.ts";
import { readClientMessage } from "../wire/messages.ts";
import { type ArchiveListener, receive } from "../wire/receiver.ts";
import { Sender, type SenderOwner, type SharedMessage, surelyTakes } from "../wire/sender.ts";
import type { CloseInfo, PeerInfo, TransportListener } from "../wire/transport.ts";
import type { BackpressureOwner } from "./backpressure.ts";
import { type Caller, forgetCalls } from "./calls.ts";
import { type ContextOwner, createContext } from "./connection_context.ts";
import type { ConnectionHost, ConnectionPeer } from "./connection_host.ts";
import type { Listed } from "./connection_list.ts";
import { Ending } from "./ending.ts";
import type { EventSwitch } from "./event_switch.ts";
import { ConnectionState } from "./state.ts";
import { type SubscriptionOwner, Subscriptions } from "./subscriptions.ts";
import { TokenBucket } from "./token_bucket.ts";
import { tooBig } from "./too_big.ts";

/**
 * One peer: its calls, its state, its topics, and its end.
 *
 * A server has as many of these as peers, most of them idle: what can be is shared, and the rest is
 * made when it is needed. So it is its own listener of everything, since a function costs 32 bytes.
 */
export class Connection<State, Event, Auth>
  implements
    TransportListener,
    ArchiveListener,
    SenderOwner,
    BackpressureOwner,
    SubscriptionOwner,
    Caller,
    ContextOwner<Event>,
    Listed {
  readonly id: number;
  readonly peer: PeerInfo;
  readonly sender: Sender;
  readonly subscriptions: Subscriptions;
  readonly rate: TokenBucket | undefined;
  target: unknown;
  takenIds: Uint8Array | undefined;
  callsInFlight = 0;
  checkedBytes = 0;
  patience: unknown;
  slot = -1;
  closing = false;
  readonly #host: ConnectionHost<State, Event, Auth>;
  readonly #state: ConnectionState;
  #ending: Ending | undefined;
  #abort: AbortController | undefined;
  #eventsTooBig = 0;

  /** Create on an open transport. */
  constructor(
    host: ConnectionHost<State, Event, Auth>,
    { id, transport, sending, peer, auth }: ConnectionPeer<Auth>,
  ) {
    const { callRate, clock } = host;
    this.id = id;
    this.peer = peer;
    this.#host = host;
    this.sender = new Sender(transport, sending, this);
    this.subscriptions = new Subscriptions(this);
    this.#state = new ConnectionState(host.stateShape);
    this.rate = callRate && new TokenBucket(callRate, () => clock.now());
    host.counters.connectionsOpened++;
    host.telemetry?.opened(id, peer);
    try {
      this.target = host.dispatcher.targetOf(createContext(this, auth));
      // A handler may set its state up, or end the connection, as it is made.
      this.flush();
    } catch (error) {
      this.#crash(error, "handler");
    }
  }

  /** Whether it has ended: it may do so while it is made. */
  get ended(): boolean {
    return this.#ending?.ended === true;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.closing ? 0 : this.sender.bufferedBytes;
  }

  makeStateObject(): object {
    return this.#host.stateShape.makeObject(this.#state);
  }

  get events(): EventSwitch<Event> {
    return this.#host.events;
  }

  get maxTopicBytes(): number {
    return this.#host.limits.maxTopicBytes;
  }

  get maxSubscriptions(): number {
    return this.#host.limits.maxSubscriptions;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.closing) this.#abort.abort();
    return this.#abort.signal;
  }

  onMessage(message: Uint8Array): void {
    if (this.closing || this.target === undefined) return;
    const { counters } = this.#host;
    counters.messagesReceived++;
    counters.bytesReceived += message.length;
    receive(message, this.#host, this);
  }

  onArchive(bytes: Uint8Array, start: number, end: number): void {
    const { reader, request, calls } = this.#host;
    reader.reset(bytes);
    readClientMessage(reader, start, end, request);
    calls.receive(this, request);
  }

  onProtocolError(error: ProtocolError): void {
    if (this.closing) return;
    this.#host.counters.protocolErrors++;
    this.#report(error, "protocol");
    if (this.#host.onProtocolError === "ignore") return;
    this.close(error.closeCode, error.message);
  }

  /** Send what has changed in the state. Throws `CodecError` when that is done. */
  flush(): void {
    if (this.closing) return;
    const from = this.#state.firstTouched();
    if (from === -1) return;
    const { sender } = this;
    const writer = sender.begin();
    const places: number[] = [];
    const failure = this.#state.writeChange(writer, from, places);
    if (places.length === 0) sender.abandon(writer);
    else {
      if (surelyTakes(sender.options, writer.position)) sender.commit(writer);
      // The client must not go on without a change: it would have a wrong state.
      else sender.commit(writer, () => this.#crash(tooBig("A change of the state"), "state"));
      this.#host.backpressure.check(this);
    }
    if (failure !== undefined) throw failure;
  }

  deliver(message: SharedMessage): void {
    if (this.closing) return;
    this.#host.counters.eventsDelivered++;
    const { sender } = this;
    try {
      if (surelyTakes(sender.options, message.length)) sender.sendShared(message);
      else sender.sendShared(message, () => this.#onEventTooBig());
    } catch (error) {
      this.#crash(error, "transport");
      return;
    }
    this.#host.backpressure.check(this);
  }

  /** A client can go on without an event. Of many, ever fewer are told of: the 1st, 2nd, 4th, 8th … */
  #onEventTooBig(): void {
    this.#host.counters.eventsTooBig++;
    const count = ++this.#eventsTooBig;
    if ((count & (count - 1)) === 0) {
      this.#report(tooBig(`Event ${count} that was skipped`), "event");
    }
  }

  onAnswered(): void {
    this.#host.backpressure.check(this);
    this.onIdle();
  }

  onCallError(error: unknown, method: string): void {
    this.#report(error, method, method);
  }

  onStuck(): void {
    this.#host.counters.slowConsumersClosed++;
    this.close(CloseCode.SlowConsumer, "the peer does not read");
  }

  onSendError(error: unknown): void {
    this.#crash(error, "transport");
  }

  #report(error: unknown, where: string, method?: string): void {
    const { name, onError } = this.#host;
    onError(error, { where, peer: this.peer, service: name, connection: this.id, method });
  }

  #crash(error: unknown, where: string): void {
    this.#report(error, where);
    this.close(CloseCode.Internal, "the server failed");
  }

  /** Resolve when no call is under way and every answer has been handed over, or when it has ended. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#end.onDrained = resolve;
      this.onIdle();
    });
  }

  onIdle(): void {
    const onDrained = this.#ending?.onDrained;
    if (onDrained === undefined) return;
    if (this.closing || (this.callsInFlight === 0 && this.sender.idle)) onDrained();
  }

  get #end(): Ending {
    return this.#ending ??= new Ending();
  }

  /** Begin the close; the transport is ended if the peer does not answer in time. */
  close(code: number, reason: string): void {
    if (this.closing) return;
    this.#end.closedWith = { code, reason };
    this.#release();
    const { clock, limits } = this.#host;
    const { transport } = this.sender;
    this.#end.timer = clock.after(limits.closeTimeoutMs, () => {
      transport.terminate();
      this.#finish();
    });
    transport.close(code, reason);
  }

  onClose(info: CloseInfo): void {
    const { code, reason, byUs } = info;
    if (byUs && code === CloseCode.TooBig && !this.closing) {
      this.#host.counters.protocolErrors++;
      this.#report(new ProtocolError("TooBig", code, reason), "protocol");
    }
    this.#end.closedWith ??= info;
    this.#release();
    this.#finish();
  }

  /** Let go of everything but the transport: nothing more is sent or received. */
  #release(): void {
    if (this.closing) return;
    this.closing = true;
    forgetCalls(this);
    this.sender.close();
    this.#host.backpressure.stop(this);
    this.subscriptions.close();
    this.#abort?.abort();
    this.onIdle();
  }

  #finish(): void {
    const { ended, timer, closedWith } = this.#end;
    if (ended) return;
    this.#end.ended = true;
    const { clock, telemetry } = this.#host;
    clock.clear(timer);
    const { code, reason } = closedWith ?? { code: 1006, reason: "" };
    telemetry?.closed(this.id, this.peer, code, reason);
    this.#host.onEnd(this);
  }
}
