/**
 * {@linkcode Session}: the client's side of one transport.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import { CodecError } from "../codec/errors.ts";
import { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import { CloseCode } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { ProtocolError, type ProtocolErrorCode, RpcError } from "../wire/errors.ts";
import type { Limits } from "../wire/limits.ts";
import { NEW_EVENT, readServerMessage, RPC_RESPONSE, ServerMessage } from "../wire/messages.ts";
import { Receiver } from "../wire/receiver.ts";
import { Sender } from "../wire/sender.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";
import { Calls, type WhenFull } from "./calls.ts";
import type { Clock } from "../wire/clock.ts";
import type { EventHub } from "./events.ts";
import type { MethodInfo } from "../service/types.ts";
import type { CallOptions } from "../service/types.ts";
import type { StateMirror } from "./state_mirror.ts";
import type { ClientCounters } from "./stats.ts";

/** What a session is given; all but the transport outlives it. */
export interface SessionOptions {
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** At which level: 0 to 9. */
  readonly level: number;
  /** Bounds. */
  readonly limits: Limits;
  /** What to do with the 257th call. */
  readonly whenFull: WhenFull;
  /** Whose time deadlines are in. */
  readonly clock: Clock;
  /** How events are archived. */
  readonly event: Schema<unknown> | undefined;
  /** Where events go. */
  readonly events: EventHub<unknown>;
  /** Where state changes go. */
  readonly state: StateMirror<unknown>;
  /** Counts. */
  readonly counters: ClientCounters;
  /** The session has ended, for this reason: once. Its calls are settled already. */
  onEnd(cause: SessionEnd): void;
}

/** Why a session has ended. */
export interface SessionEnd {
  /** An error that says why. */
  readonly error: Error;
  /** What the peer closed with; undefined if this side ended it. */
  readonly closedBy: CloseInfo | undefined;
}

/** One live connection: calls go out; replies, events and state changes come in. */
export class Session implements TransportListener {
  readonly #options: SessionOptions;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #reader: Reader;
  readonly #message: ServerMessage = new ServerMessage();
  readonly #calls: Calls;
  #ended = false;
  #closed = false;
  #closeTimer: unknown;
  #onClosed: (() => void)[] = [];

  /** Create on a transport that is open. */
  constructor(transport: Transport, options: SessionOptions) {
    const { deflater, level, limits } = options;
    this.#options = options;
    this.#transport = transport;
    this.#reader = new Reader(limits);
    this.#sender = new Sender({
      transport,
      deflater,
      level,
      onError: (error) =>
        this.end(CloseCode.Internal, lost("a message could not be deflated", error)),
    });
    this.#receiver = new Receiver({
      deflater,
      limits,
      onArchive: (bytes, start, end) => this.#onArchive(bytes, start, end),
      onError: (error) => this.end(error.closeCode, error),
    });
    this.#calls = new Calls({
      sender: this.#sender,
      limits,
      whenFull: options.whenFull,
      clock: options.clock,
      onExhausted: () =>
        this.end(CloseCode.Normal, lost("too many abandoned calls were never answered")),
    });
  }

  /** Whether calls can be made. */
  get live(): boolean {
    return !this.#ended;
  }

  /** Calls that hold an id, or wait for one. */
  get pendingCalls(): number {
    return this.#calls.pending;
  }

  /** Replies that came to an id nobody held. */
  get strayReplies(): number {
    return this.#calls.strayReplies;
  }

  /** Make a call. */
  call(method: MethodInfo, args: unknown, options?: CallOptions): Promise<unknown> {
    return this.#calls.call(method, args, options);
  }

  /** Bytes of all messages sent, as they stand on the wire. */
  get sentBytes(): number {
    return this.#sender.sentBytes;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#ended ? 0 : this.#sender.bufferedBytes;
  }

  /** A message came. */
  onMessage(message: Uint8Array): void {
    const { counters } = this.#options;
    counters.messagesReceived++;
    counters.bytesReceived += message.length;
    this.#receiver.push(message);
  }

  #onArchive(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    const message = this.#message;
    reader.reset(bytes);
    readServerMessage(reader, start, end, message);
    if (message.kind === RPC_RESPONSE) this.#onResponse(reader, message);
    else if (message.kind === NEW_EVENT) this.#onEvent(reader, message);
    else this.#onStateChange(reader, message);
  }

  #onResponse(reader: Reader, message: ServerMessage): void {
    const call = this.#calls.settle(message.id);
    if (call === undefined) return;
    if (!message.ok) {
      const { errorCode } = message;
      call.reject(
        new RpcError(errorCode, `Cannot call ${call.method.name}: the server says ${errorCode}`),
      );
    } else {
      let output: unknown;
      try {
        output = readArchive(call.method.output, reader, message.start, message.end);
      } catch (cause) {
        call.reject(
          new RpcError("ClientDecodeError", `Cannot decode the output of ${call.method.name}`, {
            cause,
          }),
        );
        throw broken("BadReply", `the output of ${call.method.name}`, cause);
      }
      call.resolve(output);
    }
  }

  #onEvent(reader: Reader, message: ServerMessage): void {
    const { counters, events, event } = this.#options;
    counters.eventsReceived++;
    if (event === undefined || events.size === 0) return;
    const topic = message.topic(reader);
    if (!events.wants(topic)) return;
    let payload: unknown;
    try {
      payload = readArchive(event, reader, message.start, message.end);
    } catch (cause) {
      throw broken("BadEvent", "an event", cause);
    }
    events.deliver(topic, payload);
  }

  #onStateChange(reader: Reader, message: ServerMessage): void {
    const { state } = this.#options;
    try {
      for (let i = 0; i < message.count; i++) {
        const index = message.updateIndex(reader, i);
        const schema = state.schemaOf(index);
        if (schema === undefined) continue;
        const start = message.updateStart(reader, i);
        state.set(index, readArchive(schema, reader, start, message.updateEnd(reader, i)));
      }
    } catch (cause) {
      state.discard();
      throw broken("BadState", "a state change", cause);
    }
    // Last, because those who watch the state may do anything, and the reader is not theirs.
    state.commit();
  }

  /** The transport has ended. */
  onClose(info: CloseInfo): void {
    this.#closed = true;
    if (this.#closeTimer !== undefined) this.#options.clock.clear(this.#closeTimer);
    const reason = info.reason === "" ? "" : `: ${info.reason}`;
    this.#end({ error: lost(`it was closed with ${info.code}${reason}`), closedBy: info });
    for (const resolve of this.#onClosed.splice(0)) resolve();
  }

  /** End it from this side: settle every call, then close, and insist if the peer does not. */
  end(code: CloseCode | number, error: Error): void {
    if (this.#ended) return;
    const { clock, limits } = this.#options;
    this.#closeTimer = clock.after(limits.closeTimeoutMs, () => this.#transport.terminate());
    this.#end({ error, closedBy: undefined });
    this.#transport.close(code, error instanceof ProtocolError ? error.code : "");
  }

  #end(end: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sender.close();
    this.#receiver.close();
    this.#calls.end(end.error);
    this.#options.onEnd(end);
  }

  /** Resolves when the transport has ended. */
  closed(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#onClosed.push(resolve));
  }
}

function lost(why: string, cause?: unknown): RpcError {
  return new RpcError("ConnectionLost", `The connection was lost: ${why}`, { cause });
}

function broken(code: ProtocolErrorCode, what: string, cause: unknown): ProtocolError {
  const where = cause instanceof CodecError && cause.path !== "" ? ` (${cause.path})` : "";
  return new ProtocolError(code, CloseCode.Protocol, `Cannot decode ${what}${where}`, { cause });
}
