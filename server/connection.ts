/**
 * {@linkcode Connection}: one peer.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { MAX_BATCH_BYTES } from "../wire/batch.ts";
import { CloseCode } from "../wire/close.ts";
import type { ProtocolError } from "../wire/errors.ts";
import { RAW, RPC_REQUEST } from "../wire/layout.ts";
import { readClientMessage, readShortMessage } from "../wire/client_message_reader.ts";
import { type ArchiveListener, receive } from "../wire/receiver.ts";
import { Sender, type SenderOwner } from "../wire/sender.ts";
import { type Excess, surelyTakes } from "../wire/sending.ts";
import type { SharedMessage } from "../wire/shared_message.ts";
import type { CloseInfo, PeerInfo, TransportListener } from "../wire/transport.ts";
import type { CallGuard } from "./call_guard.ts";
import { ClientCalls, type ClientFunctions } from "./client_calls.ts";
import { type Endable, Ending } from "./connection_end.ts";
import { type ConnectionHost, type ConnectionPeer, RareParts } from "./connection_host.ts";
import type { Kept } from "./connections.ts";
import { createContext } from "./context.ts";
import type { ErrorContext } from "./error_reports.ts";
import { connectionLost, OpenCalls } from "./open_calls.ts";
import { ConnectionState } from "./state.ts";
import { Subscriptions } from "./subscriptions.ts";
import { limitError, tooBig, WholeMessage } from "./too_big.ts";

/**
 * One peer: its calls, its state, its topics and its end. Its parts know it by interfaces of their own, in which all is
 * readonly: it alone changes its fields.
 *
 * A server has one per peer, and most are idle: everything possible is shared, and the rest is created on first
 * use. The class implements its listeners itself, because each function would cost 32 bytes, and has at most 12
 * fields, because Bun would take 48 bytes for another.
 */
export class Connection implements TransportListener, ArchiveListener, SenderOwner, Endable, Kept {
  readonly id: number;
  /** Where its peer is. */
  readonly peer: PeerInfo;
  readonly host: ConnectionHost;
  readonly slot: number;
  readonly sender: Sender;
  /** Its topics. */
  readonly subscriptions: Subscriptions;
  readonly #state: ConnectionState;
  target: unknown;
  calls: OpenCalls | undefined;
  /** Its parts that most connections never need. */
  rare: RareParts | undefined;
  closing = false;
  #checkedBytes = 0;

  /** Create on an open transport. */
  constructor(host: ConnectionHost, { id, transport, sending, peer, auth }: ConnectionPeer) {
    this.id = id;
    this.peer = peer;
    this.host = host;
    this.sender = new Sender(transport, sending, this);
    this.subscriptions = new Subscriptions(this);
    this.#state = new ConnectionState(host.stateShape);
    this.slot = host.connections.add(this);
    host.counters.connectionsOpened++;
    host.telemetry?.opened(id, peer);
    try {
      const state = host.stateShape.makeObject(this.#state);
      this.target = host.dispatcher.targetOf(createContext(this, state, auth));
      // The handler's factory may set up the state or end the connection.
      this.flush();
    } catch (error) {
      this.#crash(error, "handler");
    }
  }

  get mute(): boolean {
    return this.rare?.ending?.mute === true;
  }

  get #parts(): RareParts {
    return this.rare ??= new RareParts();
  }

  get signal(): AbortSignal {
    const abort = this.#parts.abort ??= new AbortController();
    if (this.closing) abort.abort();
    return abort.signal;
  }

  get client(): ClientFunctions {
    return (this.#parts.clientCalls ??= new ClientCalls(this)).functions;
  }

  flush(): void {
    if (this.mute) return;
    const from = this.#state.firstTouched();
    if (from === -1) return;
    const failure = this.#state.send(this, from);
    if (failure !== undefined) throw failure;
  }

  /** The client must not miss a change: its state would be wrong. */
  onStateTooBig(field: string, error: RangeError): void {
    // Nor receive an answer that follows it.
    this.#end.silence();
    if (this.closing) return;
    this.host.reports.wrong("state", error, this.at("state"));
    this.close(CloseCode.TooBig, `a change of the state is too big for this client: ${field}`);
  }

  get takesMemory(): boolean {
    return this.rare !== undefined && this.rare.rawId >= 0;
  }

  onMessage(message: Uint8Array, from = 0): number | void {
    if (this.closing || this.target === undefined) return;
    const { host, sender: { options: { extension = 0 } } } = this;
    host.counters.messagesReceived++;
    const isWhole = extension > 0 && message.length > MAX_BATCH_BYTES;
    if (isWhole && this.takesMemory) return host.calls.receiveRaw(this, this.#parts.rawId, message);
    const listener = isWhole ? new WholeMessage(this) : this;
    const taken = receive(message, host, listener, extension > 0 && !isWhole, from) - from;
    host.counters.bytesReceived += taken;
    return taken;
  }

  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void {
    const { reader, request, calls } = this.host;
    if (isShort) readShortMessage(reader, bytes, start, end, request);
    else {
      reader.reset(bytes);
      readClientMessage(reader, start, end, request, this.sender.options.extension ?? 0);
    }
    if (request.kind === RPC_REQUEST) calls.receive(this, request);
    else if (request.kind === RAW) this.#parts.rawId = request.isRaw ? request.id : -1;
    else if (!this.rare?.clientCalls?.receive(request)) calls.receiveMore(this, request);
  }

  onProtocolError(error: ProtocolError): void {
    if (this.closing) return;
    this.#wrong(error);
    if (this.host.onProtocolError === "close") this.close(error.closeCode, error.message);
  }

  take(id: number): boolean {
    return (this.calls ??= OpenCalls.unused()).take(id);
  }

  free(id: number): void {
    if (this.calls?.free(id)) this.calls = undefined;
  }

  get guard(): CallGuard | undefined {
    return this.rare?.guard;
  }

  guarded(): CallGuard {
    return this.#parts.guard ??= this.host.calls.guards.open();
  }

  letGo(id: number): void {
    this.rare?.letGo(id);
  }

  get lost(): unknown {
    return this.rare?.clientCalls?.lost;
  }

  admits(bytes: number): boolean {
    return this.host.backpressure.admits(this, bytes);
  }

  send(writer: Writer, onExcess: (excess: Excess) => boolean | void): boolean {
    const { sender } = this;
    const isAdmitted = this.admits(writer.position);
    if (!isAdmitted) sender.abandon(writer);
    else if (surelyTakes(sender.options, writer.position)) sender.commit(writer);
    else sender.commit(writer, (_, excess) => excess && onExcess(excess));
    return isAdmitted;
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
    this.onSent();
  }

  /** A client can miss an event. It chooses its own limit and can cause this at any rate. */
  #onEventTooBig(excess: Excess): void {
    if (this.closing) return;
    this.host.counters.eventsTooBig++;
    const { options } = this.sender;
    const error = (): Error => tooBig("An event that was skipped", excess, options);
    this.host.reports.wrong("too big event", error, this.at("event"));
  }

  onSent(): void {
    this.host.backpressure.check(this);
  }

  onAnswered(): void {
    if (this.closing) return;
    this.onSent();
    this.rare?.ending?.closeIfDrained();
  }

  hasSent(bytes: number): boolean {
    const { sentBytes } = this.sender;
    if (sentBytes - this.#checkedBytes < bytes) return false;
    this.#checkedBytes = sentBytes;
    return true;
  }

  at(where: string, method?: string): ErrorContext {
    return { where, peer: this.peer, service: this.host.service.name, connection: this.id, method };
  }

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

  #wrong(error: ProtocolError): void {
    this.host.counters.protocolErrors++;
    this.host.reports.wrong(`protocol ${error.code}`, error, this.at("protocol"));
  }

  #crash(error: unknown, where: string): void {
    this.host.reports.failed(error, this.at(where));
    this.close(CloseCode.Internal, "the server failed");
  }

  get #end(): Ending {
    return this.#parts.ending ??= new Ending(this);
  }

  drain(code: number, reason: string): void {
    if (!this.closing) this.#end.drain({ code, reason });
  }

  close(code: number, reason: string): void {
    if (!this.closing) this.#end.close({ code, reason });
  }

  onIdle(): void {
    // The transport may have copied the sent messages.
    if (!this.closing) return this.onAnswered();
    if (this.mute) this.#end.hangUp();
  }

  onClose(info: CloseInfo): void {
    const error = this.closing ? undefined : limitError(info);
    if (error !== undefined) this.#wrong(error);
    this.#end.closed(info);
  }

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

  onEnded({ code, reason }: CloseInfo): void {
    this.host.telemetry?.closed(this.id, this.peer, code, reason);
    this.host.connections.end(this);
  }

  onGone(): void {
    this.host.connections.gone(this);
  }
}
