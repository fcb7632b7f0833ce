/**
 * {@linkcode openStreams}: the streaming calls of one session of a client.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import { type DecodeLimits, Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { Timers } from "../wire/clock.ts";
import type { Extension } from "../wire/handshake.ts";
import { SHORT_HEADER_BYTES, SHORT_ITEM } from "../wire/layout.ts";
import { readServerExtension, type ServerExtensionHandlers } from "../wire/server_extension.ts";
import type { Gate } from "./gate.ts";
import type { SharedWindow } from "./shared_window.ts";
import { type ItemTurns, itemTurns, type Later } from "./item_turns.ts";
import { checkRaw } from "./raw.ts";
import type { Inlet, Outlet, RunIn } from "./types.ts";

/** The part of a session that streaming calls use. */
export interface StreamingSession {
  /** The codec for values. */
  readonly codec: Codec;
  /** The limits. */
  readonly limits: DecodeLimits & {
    readonly maxMessageBytes: number;
    readonly maxInflatedBytes: number;
    readonly maxBufferedBytes: number;
  };
  /** Calls in flight, those that stream included. */
  readonly pending: number;
  /** Bytes queued for sending. */
  readonly bufferedBytes: number;
  /** The streaming calls, created with the first. */
  streams: OpenStreams | undefined;
  /** A writer for one message, to be committed or abandoned. */
  begin(): Writer;
  /** Send the writer's message, unless the session has ended. */
  commit(writer: Writer): void;
  /** Return a writer, if they are reused. */
  abandon?(writer: Writer): void;
  /** Send an item raw, if it would not be compressed. Absent: none is. Returns whether it did. */
  sendRaw?: ((id: number, item: Uint8Array<ArrayBuffer>) => boolean | void) | undefined;
}

/** The environment of a session, of which streaming calls use this. */
export interface StreamingHost extends Timers {
  /** Runs a step when the event loop has polled for input. Default: when it has come round. */
  readonly afterInput?: Later | undefined;
  /** Bytes by which a reader makes its window wider, where messages take long. Default: 0. */
  readonly moreBytes?: number;
}

/** The streaming calls of a session, by id. */
export interface OpenStreams {
  /** How many there are. */
  readonly size: number;
  /**
   * Read the rest of a message of the extension, whose root is at `at`, or that is short and ends there.
   *
   * @throws {CodecError} If it is invalid.
   * @throws {ProtocolError} If it exceeds its credit.
   */
  receive(reader: Reader, kind: number, at: number): void;
  /**
   * An item of a call came raw.
   *
   * @throws {ProtocolError} If it exceeds its credit, or a limit.
   */
  receiveRaw(id: number, message: Uint8Array): void;
  /** A call has settled or was cancelled. */
  over(id: number): void;
}

/** A streaming call, as seen by its session. */
export interface StreamingCall {
  /** Sent items of its argument. */
  readonly itemsSent: number;
  /** Received items of its output. */
  readonly itemsReceived: number;
  /**
   * It is being made.
   *
   * @param giveUp Fails it, and cancels it if it is in flight.
   * @throws {RpcError} `StreamsUnsupported` if the server has no streams.
   */
  open(extension: Extension, giveUp: (error: unknown) => void): void;
  /** Whether its reader has left, of its own accord: that is no failure. */
  isLeft?: boolean;
  /** Runs the source of its argument; set by telemetry. */
  runIn?: RunIn | undefined;
  /** It has an id; its request is being sent. */
  begin(session: StreamingSession, id: number, host: StreamingHost): void;
}

/** A session's notifications about a call. */
export interface StreamEntry {
  readonly inlet: Inlet | undefined;
  readonly outlet: Outlet | undefined;
  /** The call is over in both directions. */
  over(): void;
}

/** {@linkcode OpenStreams}, as streaming calls see them. */
export interface Streams extends OpenStreams {
  /** Milliseconds since other calls were in flight. */
  readonly quietMs: number;
  readonly calls: Map<number, StreamEntry>;
  /** Bounds how long their sources and readers hold the event loop. */
  readonly turns: ItemTurns;
  /** Also reads kept items: no other read is in progress then. */
  readonly reader: Reader;
  /** Where their sources wait. */
  gate: Gate | undefined;
  /** What their sources may be ahead, together. */
  window: SharedWindow | undefined;
}

/** Create them, with the first streaming call. */
export function openStreams(session: StreamingSession, host: StreamingHost): Streams {
  const { limits } = session;
  const calls = new Map<number, StreamEntry>();
  let busyAt = -Infinity;
  let bytes: Uint8Array;
  // Messages for other ids belong to a call that just ended, or to none.
  const handlers: ServerExtensionHandlers = [
    (id, start, end) => calls.get(id)?.inlet?.push(bytes, start, end),
    (id, room, more) => {
      const outlet = calls.get(id)?.outlet;
      outlet?.grant(room, more);
      if (outlet) streams.window?.granted(outlet, room - more);
      streams.gate?.goOn();
    },
    () => {},
    () => {},
  ];
  const streams: Streams = {
    calls,
    turns: itemTurns(host.now, host.afterInput),
    gate: undefined,
    window: undefined,
    get quietMs() {
      const now = host.now();
      if (session.pending > calls.size) busyAt = now;
      return now - busyAt;
    },
    reader: new Reader(limits),
    get size() {
      return calls.size;
    },
    receive(reader, kind, at) {
      ({ bytes } = reader);
      const { start } = reader;
      if (kind === SHORT_ITEM) handlers[0](bytes[start + 1]!, start + SHORT_HEADER_BYTES, at);
      else readServerExtension(reader, kind, at, handlers);
    },
    receiveRaw(id, message) {
      checkRaw(message, limits);
      calls.get(id)?.inlet?.push(message, 0, message.length, true);
    },
    over(id) {
      const call = calls.get(id);
      calls.delete(id);
      call?.over();
    },
  };
  return streams;
}
