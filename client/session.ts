/**
 * {@linkcode openSession}: the client's side of one transport.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import {
  GOING_AWAY,
  isDrained,
  NORMAL,
  PROTOCOL_BROKEN,
  spreadOf,
  TOO_BIG,
} from "../wire/close.ts";
import { MAX_BATCH_BYTES } from "../wire/batch.ts";
import { writeFailed } from "../wire/client_extension.ts";
import { ProtocolError } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
import { protocolError, toProtocolError } from "../wire/faults.ts";
import { isSeldom } from "../wire/seldom.ts";
import {
  forEachUpdate,
  readServerMessage,
  type ServerMessageHandlers,
} from "../wire/server_message_reader.ts";
import { Topic } from "../wire/topic.ts";
import type { CloseInfo, TransportListener } from "../wire/transport.ts";
import { SERVER_CALL, SERVER_CANCEL } from "../wire/server_extension.ts";
import type { Answers } from "./answers.ts";
import type { EventHub } from "./events.ts";
import { closedWith, failed, lost, refusal } from "./failures.ts";
import type { CallsHost, ClientTransport, SessionCalls, StartCalls } from "./parts.ts";
import type { StateMirror } from "./state_mirror.ts";
import type { ClientCounters } from "./types.ts";

/** What outlives a session. */
export interface SessionHost extends CallsHost {
  /** Makes its calls. */
  readonly startCalls: StartCalls;
  /** How events are archived. */
  readonly event: Schema<unknown> | undefined;
  /** The event switch. */
  readonly events: EventHub<unknown>;
  /** Where state changes go. */
  readonly state: StateMirror<unknown>;
  /** The statistics. */
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
export interface Session extends TransportListener {
  /** Its calls. */
  readonly calls: SessionCalls;
  /** What was agreed on. */
  readonly extension: Extension;
  /** How it ended, if it has: then no more calls can be made. */
  readonly ending: SessionEnd | undefined;
  /** Resolves to {@linkcode Session.ending}; the calls under way are settled by then. */
  readonly ended: Promise<SessionEnd>;
  /** Resolves when the transport has ended. */
  readonly closed: Promise<void>;
  /** End it from this side: settle every call, then close, and insist if the peer does not. */
  end(code: number, error: Error): void;
}

/** Begin a session on a transport that is open. */
export function openSession(
  transport: ClientTransport,
  host: SessionHost,
  extension: Extension = 0,
): Session {
  const { advice, clock, codec, counters, event, events, limits, state, report } = host;
  const { unframe } = host.framing;
  const reader = new Reader(limits);
  let ending: SessionEnd | undefined;
  let closeTimer: unknown;
  /** Whether who reads events needs time. */
  let isBehind = false;
  let onEnded!: (end: SessionEnd) => void;
  let onClosed!: () => void;
  let answers: Answers | undefined;

  const finish = (error: Error, { code, reason }: CloseInfo): void => {
    if (ending) return;
    const broken = error instanceof ProtocolError || code === TOO_BIG || code === PROTOCOL_BROKEN;
    // First, so that whoever sees a call fail sees the client's status changed.
    onEnded(ending = { error, spreadMs: code === GOING_AWAY ? spreadOf(reason) : 0, broken });
    calls.end(error, isDrained(code, reason));
    answers?.end(error);
  };
  const onClose = (info: CloseInfo): void => {
    clock.clear(closeTimer);
    finish(
      refusal(info) ?? lost(closedWith(info)),
      info,
    );
    onClosed();
  };
  const end = (code: number, error: Error): void => {
    if (ending) return;
    closeTimer = clock.after(limits.closeTimeoutMs, () => {
      transport.terminate?.();
      onClose({ code, reason: "" });
    });
    finish(error, { code: NORMAL, reason: "" });
    const reason = error instanceof ProtocolError ? error.message : "";
    transport.close(code, reason.slice(0, host.maxReasonLength));
  };
  const calls = host.startCalls(transport, host, end, extension);

  /** Go on without an event. Of a stream of them, ever fewer are told of: the 1st, 2nd, 4th, 8th … */
  const skip = (cause: unknown): void => {
    const count = ++counters.undecodableEvents;
    if (isSeldom(count)) report(protocolError("BadEvent", `event ${count}`, cause, advice));
  };

  const handlers: ServerMessageHandlers = [
    (id, error, start, end) => {
      const call = calls.settle(id);
      if (call === undefined) counters.strayReplies++;
      if (!call) return;
      const { method } = call;
      if (error !== undefined) {
        return call.reject(failed(error, method));
      }
      let output: unknown;
      try {
        output = readArchive(codec, method.output, reader, start, end);
      } catch (cause) {
        const error = protocolError("BadReply", `the output of ${method.name}`, cause, advice);
        call.reject(failed("ClientDecodeError", method, cause, error.message));
        throw error;
      }
      call.resolve(output);
    },
    (topicStart, topicEnd, isText, start, end) => {
      counters.eventsReceived++;
      if (!event || !events.wanted) return;
      const { maxTopicBytes } = limits;
      const topicBytes = topicEnd - topicStart;
      if (topicBytes > maxTopicBytes) {
        return skip(new RangeError(`${topicBytes} are over maxTopicBytes`));
      }
      const topic = Topic.fromWire(reader.bytes.subarray(topicStart, topicEnd), isText);
      if (!events.wants(topic)) return;
      let payload: unknown;
      try {
        payload = readArchive(codec, event, reader, start, end);
      } catch (cause) {
        return skip(cause);
      }
      isBehind = events.deliver(topic, payload, end - topicStart + reader.spent);
    },
    (updates, count) => {
      let changed: Record<string, unknown> | undefined;
      let what = "a change of the state";
      try {
        forEachUpdate(reader, updates, count, (index, start, end) => {
          const field = state.fields[index];
          if (!field) counters.unknownStateFields++;
          else {
            what = `state.${field.name}`;
            (changed ??= {})[field.name] = readArchive(codec, field.schema, reader, start, end);
          }
        });
      } catch (cause) {
        throw protocolError("BadState", what, cause, advice);
      }
      // Last, because those who watch the state may do anything, and the reader is not theirs.
      if (changed) state.apply(changed);
    },
    extension
      ? (kind, at) => {
        const calling = kind < SERVER_CALL
          ? calls.streams
          : answers ??= host.openAnswers?.(calls, host.report);
        if (calling) return calling.receive(reader, kind, at);
        if (kind > SERVER_CANCEL) reader.fail("InvalidTag", at, "a ServerMessage");
        // What is for nobody is to be a message all the same: an item and a call carry an archive.
        if (kind & 1) reader.claimBytes(at + 4);
        if (kind === SERVER_CALL) {
          // A page whose service has no methods of the client: the server is not to wait for nothing.
          const writer = calls.begin();
          writeFailed(writer, reader.bytes[at + 1]!, "ClientDecodeError");
          calls.commit(writer);
        }
      }
      : undefined,
  ];
  const read = (bytes: Uint8Array, start: number, end: number): void => {
    reader.reset(bytes);
    readServerMessage(reader, start, end, handlers);
  };

  return {
    calls,
    extension,
    get ending() {
      return ending;
    },
    ended: new Promise((resolve) => onEnded = resolve),
    closed: new Promise((resolve) => onClosed = resolve),
    end,
    onClose,
    onMessage(message) {
      const { length } = message;
      let taken = length;
      counters.messagesReceived++;
      isBehind = false;
      try {
        if (!ending) {
          taken = unframe(message, limits, read, extension > 0 && length <= MAX_BATCH_BYTES);
        }
      } catch (cause) {
        const error = toProtocolError(cause);
        end(error.closeCode, error);
      }
      counters.bytesReceived += taken;
      return taken === length ? isBehind : isBehind ? -taken : taken;
    },
    onText() {
      end(PROTOCOL_BROKEN, protocolError("BadMessage", "text"));
    },
  };
}
