/**
 * {@linkcode startStreaming}: the caller's side of streaming calls.
 *
 * Referenced by the marker of a streaming method, so that pages without streams don't load it.
 *
 * @module
 */
import { type Codec, readArchive } from "../codec/archive.ts";
import { type DecodeLimits, Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import type { Timers } from "../wire/clock.ts";
import { writeClientEnd, writeClientGrant, writeClientItem } from "../wire/client_extension.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import { readServerExtension, type ServerExtensionHandlers } from "../wire/server_extension.ts";
import { SHORT_HEADER_BYTES, SHORT_ITEM } from "../wire/layout.ts";
import { openInlet } from "./inlet.ts";
import { openOutlet } from "./outlet.ts";
import type { Inlet, InletPort, ItemStream, Outlet, OutletPort, RunIn } from "./types.ts";
import { CHECK_BYTES, RESUME_MS, SENT_PART } from "./window.ts";

/** The part of a session that streaming calls use. */
export interface StreamingSession {
  /** The codec for values. */
  readonly codec: Codec;
  /** The limits. */
  readonly limits: DecodeLimits & {
    readonly maxInflatedBytes: number;
    readonly maxBufferedBytes: number;
  };
  /** Does something later; returns how not to. */
  readonly after: Timers["after"];
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
  /** A call has settled or was cancelled. */
  over(id: number): void;
}

/** A streaming call, as seen by its session. */
export interface StreamingCall {
  /** Sent items of its argument. */
  readonly itemsSent: number;
  /** Received items of its output. */
  readonly itemsReceived: number;
  /** Cancels it, if unsettled; set by the session. */
  giveUp: (error: unknown) => void;
  /** Runs the source of its argument; set by telemetry. */
  runIn?: RunIn | undefined;
  /** It has an id; its request is being sent. */
  begin(session: StreamingSession, id: number): void;
}

/** The part of a method needed to call it. */
export interface StreamingInfo {
  readonly name: string;
  readonly input: { readonly name: string; readonly item: Schema<unknown> } | undefined;
  readonly items: { readonly item: Schema<unknown> } | undefined;
}

/**
 * Make a call that streams: by `call`, which settles when it is answered.
 *
 * @returns What `call` did, or the items of the output.
 */
export type StartStreaming = <Info extends StreamingInfo, Options>(
  call: (
    method: Info,
    args: unknown,
    options: Options | undefined,
    streaming: StreamingCall,
  ) => Promise<unknown>,
  method: Info,
  args: unknown,
  options: Options | undefined,
) => Promise<unknown> | ItemStream<unknown>;

/** A session's notifications about a call. */
interface Entry {
  readonly inlet: Inlet | undefined;
  readonly outlet: Outlet | undefined;
  /** The call is over in both directions. */
  over(): void;
}

/** {@linkcode StartStreaming}. */
export const startStreaming: StartStreaming = (call, method, args, options) => {
  const { name, input, items } = method;
  let outlet: Outlet | undefined;
  let session: StreamingSession;
  let streams: Streams;
  /** The id, or -1. */
  let id = -1;

  const failed = (code: RpcErrorCode, cause: unknown, what: string): RpcError => {
    const { path, message = "it was ended" } = Object(cause) as { path?: string; message?: string };
    return new RpcError(
      code,
      `Cannot call ${name}: ${what}${path ? `.${path}` : ""}: ${message}`,
      { cause },
    );
  };
  /** Send a message, if the call is still open. */
  const say = <T>(write: (writer: Writer) => T): T | undefined => {
    const own = id;
    if (own < 0) return;
    const writer = session.begin();
    let sends = false;
    try {
      const written = write(writer);
      // A getter of the item may have changed anything.
      sends = id === own;
      return written;
    } finally {
      if (sends) session.commit(writer);
      else session.abandon?.(writer);
    }
  };

  const port: InletPort & OutletPort = {
    get runIn() {
      return streaming.runIn;
    },
    after: (delayMs, run) => session.after(delayMs, run),
    decode(bytes, start, end) {
      const { reader } = streams;
      try {
        reader.reset(bytes);
        return readArchive(session.codec, items!.item, reader, start, end);
      } catch (cause) {
        throw failed("ClientDecodeError", cause, "an item");
      }
    },
    grant: (bytes) => say((writer) => writeClientGrant(writer, id, bytes)),
    onLeft: (reason) => streaming.giveUp(failed("Cancelled", reason, "its reader has left")),
    send(item) {
      const bytes = say((writer) => {
        const start = writer.position;
        const bytes = writeClientItem(session.codec, writer, id, input!.item, item);
        if (writer.position - start > session.limits.maxInflatedBytes) {
          throw new RangeError(`${bytes} are over maxInflatedBytes`);
        }
        return bytes;
      }) ?? 0;
      if (id >= 0) streams.sent(outlet!, bytes);
      return bytes;
    },
    onEnd(error, what) {
      say((writer) => writeClientEnd(writer, id, !!what));
      if (what) {
        streaming.giveUp(
          failed(what === "item" ? "ClientEncodeError" : "Cancelled", error, input!.name),
        );
      }
    },
  };
  const inlet = items && openInlet(port);
  const streaming: StreamingCall = {
    get itemsSent() {
      return outlet?.items ?? 0;
    },
    get itemsReceived() {
      return inlet?.items ?? 0;
    },
    giveUp() {},
    begin(madeBy, given) {
      session = madeBy;
      id = given;
      streams = (session.streams ??= openStreams(session)) as Streams;
      streams.calls.set(id, {
        inlet,
        outlet,
        over() {
          id = -1;
          outlet?.cancel();
          if (outlet) streams.goOn(outlet);
        },
      });
      // The request goes before its items.
      void Promise.resolve().then(() => outlet?.resume());
    },
  };
  /** It has settled. */
  const stop = (error?: unknown): void => {
    outlet?.cancel(error);
    inlet?.end(error);
  };

  let answer: Promise<unknown> | undefined;
  if (input) {
    try {
      outlet = openOutlet((args as Record<string, unknown>)[input.name], port);
      outlet.pause();
    } catch (cause) {
      answer = Promise.reject(failed("ClientEncodeError", cause, input.name));
    }
  }
  answer ??= call(method, args, options, streaming);
  answer.then(() => stop(), stop);
  return inlet?.stream ?? answer;
};

interface Streams extends OpenStreams {
  readonly calls: Map<number, Entry>;
  /** Also reads kept items: no other read is in progress then. */
  readonly reader: Reader;
  /** An item was sent: pause its source if the queue is long. */
  sent(outlet: Outlet, bytes: number): void;
  /** A source no longer waits. */
  goOn(outlet: Outlet): void;
}

function openStreams(session: StreamingSession): Streams {
  const { after, limits } = session;
  const waiting = new Set<Outlet>();
  let unchecked = 0;
  let stopLooking: (() => void) | undefined;
  const isFull = (): boolean => session.bufferedBytes > limits.maxBufferedBytes / SENT_PART;
  const look = (): void => {
    stopLooking = after(RESUME_MS, () => {
      if (isFull()) return look();
      const all = [...waiting];
      // First: a resumed source may have to wait again.
      waiting.clear();
      for (const outlet of all) outlet.resume();
    });
  };
  const calls = new Map<number, Entry>();
  let bytes: Uint8Array;
  // Messages for other ids belong to a call that just ended, or to none.
  const handlers: ServerExtensionHandlers = [
    (id, start, end) => calls.get(id)?.inlet?.push(bytes, start, end),
    (id, room) => calls.get(id)?.outlet?.grant(room),
    () => {},
    () => {},
  ];
  return {
    calls,
    reader: new Reader(limits),
    sent(outlet, bytes) {
      unchecked += bytes;
      if (waiting.size === 0 && unchecked < CHECK_BYTES) return;
      unchecked = 0;
      if (!isFull()) return;
      outlet.pause();
      if (waiting.size === 0) look();
      waiting.add(outlet);
    },
    goOn(outlet) {
      if (waiting.delete(outlet) && waiting.size === 0) stopLooking?.();
    },
    get size() {
      return calls.size;
    },
    receive(reader, kind, at) {
      ({ bytes } = reader);
      const { start } = reader;
      if (kind === SHORT_ITEM) handlers[0](bytes[start + 1]!, start + SHORT_HEADER_BYTES, at);
      else readServerExtension(reader, kind, at, handlers);
    },
    over(id) {
      const call = calls.get(id);
      calls.delete(id);
      call?.over();
    },
  };
}
