/**
 * {@linkcode openSession}: the client's side of one transport.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import { truncateUtf8 } from "../codec/utf8.ts";
import { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import { MAX_REASON_BYTES, NORMAL, PROTOCOL_BROKEN, TOO_BIG } from "../wire/close.ts";
import { returnOf } from "./reconnect.ts";
import type { ProtocolError, ProtocolErrorCode } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
import { protocolError } from "../wire/faults.ts";
import { readServerMessage, type ServerMessageHandlers } from "../wire/server_message_reader.ts";
import { bytesOf, type Topic } from "../wire/topic.ts";
import type { CloseInfo, TransportListener } from "../wire/transport.ts";
import {
  CLIENT_DECODE_ERROR,
  CLIENT_FAILED,
  SERVER_CALL,
  SERVER_CANCEL,
  SHORT,
  SHORT_HEADER_BYTES,
  SHORT_ITEM,
  SHORT_RAW,
} from "../wire/layout.ts";
import { MAX_BATCH_BYTES } from "../wire/batch.ts";
import type { Answers } from "./answers.ts";
import type { Counted, EventHub } from "./events.ts";
import { closed, failed } from "./failures.ts";
import type { CallsHost, ClientTransport, SessionCalls, StartCalls } from "./parts.ts";
import type { StateMirror } from "./state_mirror.ts";

/** The parts of a client that outlive a session. */
export interface SessionHost extends CallsHost {
  /** Creates its calls. */
  readonly startCalls: StartCalls;
  /** The event's schema. */
  readonly event: Schema<unknown> | undefined;
  /** The event switch. */
  readonly events: EventHub<unknown>;
  /** The state mirror. */
  readonly state: StateMirror<unknown>;
  /** Receives errors that don't end the session. */
  report(error: unknown): void;
}

/**
 * The end of a session: its error, the milliseconds over which a draining server spreads its clients' reconnects, and
 * whether a message was invalid: a retry would probably fail again.
 */
export type SessionEnd = readonly [error: Error, spreadMs: number, isBroken: boolean];

/** One live connection: calls go out; replies, events and state changes come in. */
export interface Session extends TransportListener {
  /** Its calls. */
  readonly calls: SessionCalls;
  /** Its end, if it has ended: no more calls are possible. */
  readonly ending: SessionEnd | undefined;
  /** Resolves to {@linkcode Session.ending} after its calls have settled. */
  readonly ended: Promise<SessionEnd>;
  /** Resolves when the transport has ended. */
  readonly closed: Promise<void>;
  /**
   * End it: settle every call, close, and cut the transport if the peer doesn't close.
   *
   * @param error Why. The peer is told of a {@linkcode ProtocolError}.
   * @param code The close code. Default: that of a `ProtocolError`, otherwise 1000.
   */
  end(error: Error, code?: number): void;
}

/** Begin a session on an open transport. */
export function openSession(
  transport: ClientTransport,
  host: SessionHost,
  extension: Extension = 0,
): Session {
  const { counters, event, events, limits, state } = host;
  const reader = new Reader(limits);
  reader.words = host.codec.words;
  let stopInsisting: (() => void) | undefined;
  /** Whether a reader of events needs time to catch up. */
  let isBehind = false;
  let onEnded!: (end: SessionEnd) => void;
  let onClosed!: () => void;
  let answers: Answers | undefined;
  /** The call whose items are large messages, while they are. */
  let rawId: number;

  const finish = (error: Error, { code, reason }: CloseInfo): void => {
    if (session.ending) return;
    const [spreadMs, isDrained] = returnOf(code, reason);
    // First, so that the status has changed when calls reject.
    onEnded(session.ending = [error, spreadMs, code === TOO_BIG || code === PROTOCOL_BROKEN]);
    calls.end(error, isDrained);
    answers?.end(error);
  };
  const onClose = (info: CloseInfo): void => {
    stopInsisting?.();
    finish(closed(info), info);
    onClosed();
  };
  const end = (error: Error & { closeCode?: number }, code = error.closeCode ?? NORMAL): void => {
    if (session.ending) return;
    const info = { code, reason: "" };
    stopInsisting = host.after(limits.closeTimeoutMs, () => {
      transport.terminate?.();
      onClose(info);
    });
    finish(error, info);
    transport.close(code, error.closeCode ? truncateUtf8(error.message, MAX_REASON_BYTES) : "");
  };
  const calls = host.startCalls(transport, host, end, extension);
  const wrong = (code: ProtocolErrorCode, what: string, cause?: unknown): ProtocolError =>
    protocolError(code, what, cause, host.advice?.(cause));

  const read = <T>(schema: Schema<T>, start: number, end: number): T =>
    readArchive(host.codec, schema, reader, start, end);

  const readEvent = (topic: Topic, start: number, end: number): Counted<unknown> => {
    // The memory overhead of an event.
    const EVENT_BYTES = 256;
    return [
      { topic, payload: read(event!, start, end) },
      EVENT_BYTES + bytesOf(topic).length + end - start + reader.spent,
    ];
  };
  const handlers: ServerMessageHandlers = [
    (id, error, start, end) => {
      const call = calls.settle(id);
      if (call === undefined) counters.strayReplies++;
      if (!call) return;
      const { method } = call;
      if (error) return call.reject(failed(error, method));
      try {
        call.resolve(read(method.output, start, end));
      } catch (cause) {
        const error = wrong("BadReply", `the output of ${method.name}`, cause);
        call.reject(failed("ClientDecodeError", method, cause, error.message));
        // Over a limit of ours, of which the server need not know: other calls go on.
        if (reader.memory >= 0 && reader.depth >= 0) throw error;
      }
    },
    (topic, start, end) => {
      counters.eventsReceived++;
      if (!event || !events.wanted()) return;
      try {
        const { length } = bytesOf(topic);
        if (length > limits.maxTopicBytes) {
          throw new RangeError(`a topic of ${length} bytes is over maxTopicBytes`);
        }
        isBehind = events.deliver(topic, start, end, readEvent);
      } catch (cause) {
        // It goes on without the event. Of a stream of them, ever fewer are told of: the 1st, 2nd, 4th, 8th …
        const count = ++counters.undecodableEvents;
        if (!(count & (count - 1))) host.report(wrong("BadEvent", `event ${count}`, cause));
      }
    },
    (updates) => {
      const next: Record<string, unknown> = { ...state.current };
      let name: string | undefined;
      try {
        for (let i = 0; i < updates.length; i += 3) {
          const field = state.fields[updates[i]!];
          if (!field) counters.unknownStateFields++;
          else next[name = field[0]] = read(field[1], updates[i + 1]!, updates[i + 2]!);
        }
      } catch (cause) {
        throw wrong("BadState", `state.${name}`, cause);
      }
      // Last: watchers of the state may do anything, also use the reader.
      if (name) state.set(Object.freeze(next));
    },
    (kind, at) => {
      if (!extension || kind > SERVER_CANCEL) reader.fail("InvalidTag", at);
      const calling = kind < SERVER_CALL
        ? calls.streams
        : answers ??= host.openAnswers?.(calls, host.report);
      if (calling) return calling.receive(reader, kind, at);
      // Ignored messages must be valid too: an item and a call contain an archive.
      if (kind & 1) reader.claimBytes(at + 4);
      if (kind === SERVER_CALL) {
        // A page whose service has no client methods: answer, so that the server doesn't wait.
        calls.say(CLIENT_FAILED, reader.bytes[at + 1]!, CLIENT_DECODE_ERROR);
      }
    },
  ];
  const take = (bytes: Uint8Array, start: number, end: number): void => {
    reader.reset(bytes);
    readServerMessage(reader, start, end, handlers, host.readTopic);
  };

  const session: Session & { ending: SessionEnd | undefined; takesMemory: boolean } = {
    calls,
    ending: undefined,
    ended: new Promise((resolve) => onEnded = resolve),
    closed: new Promise((resolve) => onClosed = resolve),
    end,
    onClose,
    takesMemory: false,
    onMessage(message, from = 0) {
      const { length } = message;
      let taken = length;
      counters.messagesReceived++;
      isBehind = false;
      try {
        if (!session.ending) {
          const mayBeMore = !!extension && length <= MAX_BATCH_BYTES;
          const kind = message[from]!;
          if (mayBeMore && (kind & SHORT) === SHORT) {
            const start = from + SHORT_HEADER_BYTES;
            const bytes = message[from + 2]!;
            reader.reset(message);
            reader.open(from, length);
            taken = reader.claim(start, 0, bytes, 1) + bytes;
            if (kind === SHORT) handlers[0](message[from + 1]!, undefined, start, taken);
            else if (kind === SHORT_ITEM) calls.streams?.receive(reader, kind, taken);
            else if (kind === SHORT_RAW && !bytes && message[from + 3]! < 2) {
              rawId = message[from + 1]!;
              session.takesMemory = !!message[from + 3];
            } else reader.fail("InvalidTag", from);
          } else if (length > MAX_BATCH_BYTES && session.takesMemory) {
            calls.streams?.receiveRaw(rawId, message);
          } else taken = host.framing.unframe(message, limits, take, mayBeMore, from);
        }
      } catch (cause) {
        end(protocolError("BadMessage", "a message", cause));
      }
      taken -= from;
      counters.bytesReceived += taken;
      return isBehind ? -taken : taken;
    },
    onText() {
      end(protocolError("BadMessage", "text"));
    },
  };
  return session;
}
