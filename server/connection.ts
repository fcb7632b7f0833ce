/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import { MAX_BATCH_BYTES } from "../wire/batch.ts";
import { CloseCode } from "../wire/close.ts";
import type { ProtocolError } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
import { RPC_REQUEST } from "../wire/layout.ts";
import { readClientMessage, readShortMessage } from "../wire/requests.ts";
import { type ArchiveListener, receive } from "../wire/receiver.ts";
import { type Excess, Sender, type SenderOwner, surelyTakes } from "../wire/sender.ts";
import type { SharedMessage } from "../wire/shared_message.ts";
import type { CloseInfo, PeerInfo, TransportListener } from "../wire/transport.ts";
import { ClientCalls } from "./client_calls.ts";
import { Ending } from "./connection_end.ts";
import { type ConnectionHost, type ConnectionPeer, RareParts } from "./connection_host.ts";
import { createContext, type ErrorContext } from "./context.ts";
import { connectionLost, OpenCalls } from "./open_calls.ts";
import { ConnectionState } from "./state.ts";
import { Subscriptions } from "./subscriptions.ts";
import { limitError, stateTooBig, tooBig, WholeMessage } from "./too_big.ts";

/**
 * One peer: its calls, its state, its topics and its end.
 *
 * A server has one per peer, and most are idle: everything possible is shared, and the rest is created on first
 * use. The class implements its listeners itself, because each function would cost 32 bytes, and has at most 12
 * fields, because Bun would take 48 bytes for another.
 */
export class Connection implements TransportListener, ArchiveListener, SenderOwner {
  /** Its number on this server. */
  readonly id: number;
  /** Where its peer is. */
  readonly peer: PeerInfo;
  /** Sends its messages. */
  readonly sender: Sender;
  /** Its topics. */
  readonly subscriptions: Subscriptions;
  /** Its handlers. */
  target: unknown;
  /** Its calls in flight, if there are any. */
  calls: OpenCalls | undefined;
  /** Its parts that most connections never need. */
  rare: RareParts | undefined;
  /** Sent bytes when {@linkcode Backpressure} last looked. */
  checkedBytes = 0;
  /** Its index in a list of connections. */
  slot = -1;
  /** Whether it is ending: later results are dropped. */
  closing = false;
  /** What all connections of its server share. */
  readonly host: ConnectionHost;
  readonly #state: ConnectionState;

  /** Create on an open transport. */
  constructor(host: ConnectionHost, { id, transport, sending, peer, auth }: ConnectionPeer) {
    this.id = id;
    this.peer = peer;
    this.host = host;
    this.sender = new Sender(transport, sending, this);
    this.subscriptions = new Subscriptions(this);
    this.#state = new ConnectionState(host.stateShape);
    host.counters.connectionsOpened++;
    host.telemetry?.opened(id, peer);
    try {
      this.target = host.dispatcher.targetOf(createContext(this, this.#state, auth));
      // The handler's factory may set up the state or end the connection.
      this.flush();
    } catch (error) {
      this.#crash(error, "handler");
    }
  }

  /** Whether it has ended, possibly during construction. */
  get ended(): boolean {
    return this.rare?.ending?.ended === true;
  }

  /** Whether all answers are dropped, also those of handlers that settled before the end began. */
  get mute(): boolean {
    return this.rare?.ending?.mute === true;
  }

  /** Its rare parts, created with the first. */
  get parts(): RareParts {
    return this.rare ??= new RareParts();
  }

  /** Aborts at its end. */
  get signal(): AbortSignal {
    const abort = this.parts.abort ??= new AbortController();
    if (this.closing) abort.abort();
    return abort.signal;
  }

  /** The calls of its client, created with the first. */
  get clientCalls(): ClientCalls {
    return this.parts.clientCalls ??= new ClientCalls(this);
  }

  onMessage(message: Uint8Array, from = 0): number | void {
    if (this.closing || this.target === undefined) return;
    const host = this.host;
    host.counters.messagesReceived++;
    const isExtended = this.#extension > 0;
    const isWhole = isExtended && message.length > MAX_BATCH_BYTES;
    const listener = isWhole ? new WholeMessage(this) : this;
    const taken = receive(message, host, listener, isExtended && !isWhole, from) - from;
    host.counters.bytesReceived += taken;
    return taken;
  }

  get #extension(): Extension {
    return this.sender.options.extension ?? 0;
  }

  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void {
    const { reader, request, calls } = this.host;
    if (isShort) readShortMessage(reader, bytes, start, end, request);
    else {
      reader.reset(bytes);
      readClientMessage(reader, start, end, request, this.#extension);
    }
    if (request.kind === RPC_REQUEST) calls.receive(this, request);
    else calls.receiveMore(this, request);
  }

  onProtocolError(error: ProtocolError): void {
    if (this.closing) return;
    this.#wrong(error);
    if (this.host.onProtocolError === "close") this.close(error.closeCode, error.message);
  }

  /** Take the id of a call. Returns false if it is in use. */
  take(id: number): boolean {
    return (this.calls ??= OpenCalls.unused()).take(id);
  }

  /** A call is over: release its id. */
  free(id: number): void {
    if (this.calls?.free(id)) this.calls = undefined;
  }

  /** Send state changes. Throws `CodecError` afterwards if a field does not encode. */
  flush(): void {
    if (this.mute) return;
    const from = this.#state.firstTouched();
    if (from === -1) return;
    const failure = this.#state.send(this.sender, from, this);
    this.host.backpressure.check(this);
    if (failure !== undefined) throw failure;
  }

  /** The client must not miss a change: its state would be wrong. */
  onChangeTooBig(places: readonly number[], excess: Excess): void {
    // Nor receive an answer that follows it.
    this.#end.silence();
    if (this.closing) return;
    const { fields } = this.host.stateShape;
    const { field, error } = stateTooBig(places, fields, excess, this.sender.options);
    this.host.reports.wrong("state", error, this.#at("state"));
    this.close(CloseCode.TooBig, `a change of the state is too big for this client: ${field}`);
  }

  /** Whether so many bytes may be sent. If not, the connection is ending. */
  admits(bytes: number): boolean {
    return this.host.backpressure.admits(this, bytes);
  }

  /** Send an event. */
  deliver(message: SharedMessage): void {
    if (this.closing || !this.admits(message.length)) return;
    this.host.counters.eventsDelivered++;
    const { sender } = this;
    try {
      if (surelyTakes(sender.options, message.length)) sender.sendShared(message);
      else sender.sendShared(message, (_, excess) => excess && this.#onEventTooBig(excess));
    } catch (error) {
      return this.#crash(error, "transport");
    }
    this.host.backpressure.check(this);
  }

  /** A client can miss an event. */
  #onEventTooBig(excess: Excess): void {
    if (this.closing) return;
    this.host.counters.eventsTooBig++;
    this.onTooBig("An event that was skipped", excess, "event");
  }

  /** A client chooses its own limit and can cause this at any rate. */
  onTooBig(what: string, excess: Excess, where: string, method?: string): void {
    const error = (): Error => tooBig(what, excess, this.sender.options);
    this.host.reports.wrong(`too big ${where}`, error, this.#at(where, method));
  }

  /** A message other than an answer was sent. */
  onSent(): void {
    this.host.backpressure.check(this);
  }

  /** An answer was sent, and its call is over. */
  onAnswered(): void {
    if (this.closing) return;
    this.onSent();
    this.rare?.ending?.closeIfDrained();
  }

  /** A handler failed, or its output cannot be encoded. */
  onCallError(error: unknown, method: string, mayTell: boolean): void {
    this.host.reports.failed(error, this.#at(method, method), mayTell);
  }

  /** The arguments of a call cannot be decoded. `method` is `undefined` if it is unknown. */
  onUndecoded(explain: () => unknown, method: string | undefined): void {
    const where = method ?? "call";
    this.host.reports.wrong(`undecoded ${where}`, explain, this.#at(where, method));
  }

  /** The peer doesn't read: close the connection, or cut it if it is closing already. */
  onStuck(): void {
    if (this.closing) return this.sender.transport.terminate();
    this.host.counters.slowConsumersClosed++;
    this.close(CloseCode.SlowConsumer, "the peer does not read");
  }

  onSendError(error: unknown): void {
    const late = this.closing;
    this.#crash(error, "transport");
    // Unsent messages are lost: nothing to wait for.
    if (late) this.onIdle();
  }

  /** The peer broke the protocol. */
  #wrong(error: ProtocolError): void {
    this.host.counters.protocolErrors++;
    this.host.reports.wrong(`protocol ${error.code}`, error, this.#at("protocol"));
  }

  #at(where: string, method?: string): ErrorContext {
    const { service: { name } } = this.host;
    return { where, peer: this.peer, service: name, connection: this.id, method };
  }

  #crash(error: unknown, where: string): void {
    this.host.reports.failed(error, this.#at(where));
    this.close(CloseCode.Internal, "the server failed");
  }

  /** Close as soon as no call is in flight and every answer was sent. */
  drain(code: number, reason: string): void {
    if (!this.closing) this.#end.drain({ code, reason });
  }

  onIdle(): void {
    // The transport may have copied the sent messages.
    if (!this.closing) return this.onAnswered();
    if (this.mute) this.#end.hangUp();
  }

  get #end(): Ending {
    return this.parts.ending ??= new Ending(this);
  }

  /** Begin the close, once: see {@linkcode Ending.close}. */
  close(code: number, reason: string): void {
    if (!this.closing) this.#end.close({ code, reason });
  }

  onClose(info: CloseInfo): void {
    const error = this.closing ? undefined : limitError(info);
    if (error !== undefined) this.#wrong(error);
    this.#end.closed(info);
  }

  /** Release everything except the transport and its queue: nothing more is received. */
  release(): void {
    if (this.closing) return;
    this.closing = true;
    const { calls, rare } = this;
    // Handlers keep running.
    rare?.guard?.leave();
    const isHeard = calls?.areHeard || rare?.clientCalls !== undefined;
    const reason = isHeard ? connectionLost() : undefined;
    rare?.clientCalls?.end(reason);
    this.calls = undefined;
    calls?.end(reason);
    this.host.backpressure.stop(this);
    this.subscriptions.close();
    rare?.abort?.abort();
  }

  onGone(): void {
    this.host.onGone(this);
  }
}
