/**
 * {@linkcode Session}: the client's side of one transport.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import { CodecError } from "../codec/errors.ts";
import { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import { CloseCode, isDrained, spreadOf } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { ProtocolError, type ProtocolErrorCode, RpcError } from "../wire/errors.ts";
import { NEW_EVENT, readServerMessage, RPC_RESPONSE, ServerMessage } from "../wire/messages.ts";
import { receive } from "../wire/receiver.ts";
import { isSeldom } from "../wire/seldom.ts";
import { Sender } from "../wire/sender.ts";
import { topicTooBig } from "../wire/topic.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";
import { Calls, type CallsOptions, failed } from "./calls.ts";
import { closedError } from "./dial.ts";
import type { EventHub } from "./events.ts";
import type { StateMirror } from "./state_mirror.ts";
import type { ClientCounters } from "./stats.ts";

/** What outlives a session. */
export interface SessionHost extends CallsOptions {
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** At which level: 0 to 9. */
  readonly level: number;
  /** How events are archived. */
  readonly event: Schema<unknown> | undefined;
  /** Where events go. */
  readonly events: EventHub<unknown>;
  /** Where state changes go. */
  readonly state: StateMirror<unknown>;
  /** Counts. */
  readonly counters: ClientCounters;
  /** Is told what does not end the session. */
  report(error: unknown): void;
}

/** How a session has ended. */
export interface SessionEnd {
  /** An error that says why. */
  readonly error: Error;
  /** Milliseconds over which a server that goes away wants its clients to come back. */
  readonly spreadMs: number;
  /** Whether one side could not take what the other sent: it would hardly be otherwise the next time. */
  readonly broken: boolean;
}

/** One live connection: calls go out; replies, events and state changes come in. */
export class Session implements TransportListener {
  readonly #host: SessionHost;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #message: ServerMessage = new ServerMessage();
  #end: SessionEnd | undefined;
  #closeTimer: unknown;
  #onEnded!: (end: SessionEnd) => void;
  #onClosed!: () => void;
  /** Its calls. */
  readonly calls: Calls;
  /** Resolves when no more calls can be made; those under way are settled by then. */
  readonly ended: Promise<SessionEnd> = new Promise((resolve) => this.#onEnded = resolve);
  /** Resolves when the transport has ended. */
  readonly closed: Promise<void> = new Promise((resolve) => this.#onClosed = resolve);

  /** Create on a transport that is open. */
  constructor(transport: Transport, host: SessionHost) {
    this.#host = host;
    this.#transport = transport;
    this.#reader = new Reader(host.limits);
    this.#sender = new Sender(transport, host, this);
    this.calls = new Calls(
      host,
      this.#sender,
      () => this.end(CloseCode.Normal, lost("too many abandoned calls were never answered")),
    );
  }

  /** Whether calls can be made. */
  get live(): boolean {
    return this.#end === undefined;
  }

  /** Bytes of all messages sent, as they stand on the wire. */
  get sentBytes(): number {
    return this.#sender.sentBytes;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.live ? this.#sender.bufferedBytes : 0;
  }

  onMessage(message: Uint8Array): void {
    const { counters } = this.#host;
    counters.messagesReceived++;
    counters.bytesReceived += message.length;
    if (this.live) receive(message, this.#host, this);
  }

  onSendError(error: unknown): void {
    this.end(CloseCode.Internal, lost("a message could not be deflated", error));
  }

  onProtocolError(error: ProtocolError): void {
    this.end(error.closeCode, error);
  }

  onArchive(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    const message = this.#message;
    reader.reset(bytes);
    readServerMessage(reader, start, end, message);
    if (message.kind === RPC_RESPONSE) this.#onResponse(reader, message);
    else if (message.kind === NEW_EVENT) this.#onEvent(reader, message);
    else this.#onStateChange(reader, message);
  }

  #onResponse(reader: Reader, { id, ok, errorCode, start, end }: ServerMessage): void {
    const call = this.calls.settle(id);
    if (call === undefined) this.#host.counters.strayReplies++;
    if (call == null) return;
    if (!ok) {
      call.reject(failed(errorCode, call.method, `the server says ${errorCode}`));
      return;
    }
    let output: unknown;
    try {
      output = readArchive(this.#host.codec, call.method.output, reader, start, end);
    } catch (cause) {
      call.reject(failed("ClientDecodeError", call.method, "cannot decode its output", cause));
      throw broken("BadReply", `the output of ${call.method.name}`, cause);
    }
    call.resolve(output);
  }

  #onEvent(reader: Reader, message: ServerMessage): void {
    const { counters, events, event, limits: { maxTopicBytes } } = this.#host;
    counters.eventsReceived++;
    if (event === undefined || !events.wanted) return;
    const topicBytes = message.topicEnd - message.topicStart;
    if (topicBytes > maxTopicBytes) return this.#skip(topicTooBig(`${topicBytes}`, maxTopicBytes));
    const topic = message.topic(reader);
    if (!events.wants(topic)) return;
    let payload: unknown;
    try {
      payload = readArchive(this.#host.codec, event, reader, message.start, message.end);
    } catch (cause) {
      return this.#skip(cause);
    }
    events.deliver(topic, payload, message.end - message.topicStart + reader.spent);
  }

  /** Go on without an event. Of a stream of them, ever fewer are told of: the 1st, 2nd, 4th, 8th … */
  #skip(cause: unknown): void {
    const { counters, report } = this.#host;
    const count = ++counters.undecodableEvents;
    if (isSeldom(count)) report(broken("BadEvent", `event ${count}`, cause));
  }

  #onStateChange(reader: Reader, message: ServerMessage): void {
    const { state, counters } = this.#host;
    try {
      for (let i = 0; i < message.count; i++) {
        const field = state.fields[message.updateIndex(reader, i)];
        if (field === undefined) {
          counters.unknownStateFields++;
          continue;
        }
        const start = message.updateStart(reader, i);
        state.stage(
          field,
          readArchive(this.#host.codec, field.schema, reader, start, message.updateEnd(reader, i)),
        );
      }
    } catch (cause) {
      state.discard();
      throw broken("BadState", "a state change", cause);
    }
    // Last, because those who watch the state may do anything, and the reader is not theirs.
    state.commit();
  }

  onClose(info: CloseInfo): void {
    this.#host.clock.clear(this.#closeTimer);
    this.#finish(
      closedError(info) ??
        lost(`it was closed with ${info.code}${info.reason && `: ${info.reason}`}`),
      info,
    );
    this.#onClosed();
  }

  /** End it from this side: settle every call, then close, and insist if the peer does not. */
  end(code: number, error: Error): void {
    if (!this.live) return;
    const { clock, limits } = this.#host;
    this.#closeTimer = clock.after(limits.closeTimeoutMs, () => this.#transport.terminate());
    this.#finish(error);
    this.#transport.close(code, error instanceof ProtocolError ? error.message : "");
  }

  /** Settle every call. `info` is the server's close, if that is what ended it. */
  #finish(error: Error, { code, reason }: CloseInfo = BY_US): void {
    if (!this.live) return;
    const spreadMs = code === CloseCode.GoingAway ? spreadOf(reason) : 0;
    const broken = error instanceof ProtocolError || code === CloseCode.TooBig ||
      code === CloseCode.Protocol;
    this.#end = { error, spreadMs, broken };
    this.#sender.close();
    // First, so that whoever sees a call fail sees the client's status changed.
    this.#onEnded(this.#end);
    this.calls.end(error, isDrained(code, reason));
  }
}

const BY_US: CloseInfo = { code: CloseCode.Normal, reason: "" };

function lost(why: string, cause?: unknown): RpcError {
  return new RpcError("ConnectionLost", `The connection was lost: ${why}`, { cause });
}

function broken(code: ProtocolErrorCode, what: string, cause: unknown): ProtocolError {
  const where = cause instanceof CodecError && cause.path !== "" ? ` (${cause.path})` : "";
  return new ProtocolError(code, CloseCode.Protocol, `Cannot decode ${what}${where}`, { cause });
}
