/**
 * {@linkcode startStreaming}: the caller's side of calls that stream.
 *
 * A method's marker holds it, so that a page whose service has no streams has none of it.
 *
 * @module
 */
import { type Codec, readArchive } from "../codec/archive.ts";
import { type DecodeLimits, Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { writeClientEnd, writeClientGrant, writeClientItem } from "../wire/client_extension.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import { readServerExtension, type ServerExtensionHandlers } from "../wire/server_extension.ts";
import { openInlet } from "./inlet.ts";
import { openOutlet } from "./outlet.ts";
import type { Inlet, InletPort, ItemStream, Outlet, OutletPort } from "./types.ts";

/** What of a session those who stream in it use. */
export interface StreamingSession {
  /** How values are archived. */
  readonly codec: Codec;
  /** Bounds. */
  readonly limits: DecodeLimits & { readonly maxInflatedBytes: number };
  /** The calls that stream, since the first. */
  streams: OpenStreams | undefined;
  /** A writer for one message, to be committed or abandoned. */
  begin(): Writer;
  /** Send the message in a writer, unless the session has ended. */
  commit(writer: Writer): void;
  /** Give a writer back. */
  abandon(writer: Writer): void;
}

/** The calls of a session that stream, by their ids. */
export interface OpenStreams {
  /** How many there are. */
  readonly size: number;
  /**
   * Read the rest of a message of the extension.
   *
   * @throws {CodecError} If it is none.
   * @throws {ProtocolError} If it is more than there was room for.
   */
  receive(reader: Reader, kind: number, at: number): void;
  /** A call is settled, or given up. */
  over(id: number): void;
}

/** A call that streams, as the session that makes it sees it. */
export interface StreamingCall {
  /** Gives it up, if it is not settled; set by the session when it is made. */
  giveUp: (error: unknown) => void;
  /** It has an id, and its request is sent now. */
  begin(session: StreamingSession, id: number): void;
}

/** What of a method is needed to call it. */
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

/** {@linkcode StartStreaming}. */
export const startStreaming: StartStreaming = (call, method, args, options) => {
  const streaming = new Streaming(method);
  let answer: Promise<unknown>;
  try {
    streaming.open(args);
    answer = call(method, args, options, streaming);
  } catch (error) {
    answer = Promise.reject(error);
  }
  answer.then(() => streaming.stop(), (error) => streaming.stop(error));
  return streaming.inlet?.stream ?? answer;
};

class Streaming implements StreamingCall, InletPort, OutletPort {
  readonly #method: StreamingInfo;
  /** Where its items come in. */
  readonly inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  #streams: Streams | undefined;
  /** -1 while it has none. */
  #id = -1;
  giveUp: (error: unknown) => void = () => {};

  constructor(method: StreamingInfo) {
    this.#method = method;
    if (method.items) this.inlet = openInlet(this);
  }

  /** Take the source among the arguments. */
  open(args: unknown): void {
    const { input } = this.#method;
    if (!input) return;
    try {
      this.#outlet = openOutlet((args as Record<string, unknown>)[input.name], this);
    } catch (cause) {
      throw this.#failed("ClientEncodeError", cause, input.name);
    }
    this.#outlet.pause();
  }

  begin(session: StreamingSession, id: number): void {
    this.#id = id;
    this.#streams = (session.streams ??= new Streams(session)) as Streams;
    this.#streams.set(id, this);
    // The request goes before its items.
    void Promise.resolve().then(() => this.#outlet?.resume());
  }

  /** Nothing more comes, and nothing more goes. */
  over(): void {
    this.#id = -1;
    this.#outlet?.cancel();
  }

  /** It is settled. */
  stop(error?: unknown): void {
    this.#outlet?.cancel(error);
    this.inlet?.end(error);
  }

  onItem(bytes: Uint8Array, start: number, end: number): void {
    this.inlet?.push(bytes, start, end);
  }

  onGrant(bytes: number): void {
    this.#outlet?.grant(bytes);
  }

  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const { session: { codec }, reader } = this.#streams!;
    try {
      reader.reset(bytes);
      return readArchive(codec, this.#method.items!.item, reader, start, end);
    } catch (cause) {
      throw this.#failed("ClientDecodeError", cause, "an item");
    }
  }

  grant(bytes: number): void {
    this.#write((writer, id) => writeClientGrant(writer, id, bytes));
  }

  onLeft(reason: unknown): void {
    this.giveUp(this.#failed("Cancelled", reason, "its reader has left"));
  }

  send(item: unknown): number {
    const { item: schema } = this.#method.input!;
    return this.#write((writer, id, { codec, limits: { maxInflatedBytes } }) => {
      const start = writer.position;
      const bytes = writeClientItem(codec, writer, id, schema, item);
      if (writer.position - start > maxInflatedBytes) {
        throw new RangeError(`${bytes} are over maxInflatedBytes`);
      }
      return bytes;
    }) ?? 0;
  }

  onEnd(error: unknown, failed: "source" | "item" | undefined): void {
    this.#write((writer, id) => writeClientEnd(writer, id, failed !== undefined));
    if (failed) {
      this.giveUp(
        this.#failed(
          failed === "item" ? "ClientEncodeError" : "Cancelled",
          error,
          this.#method.input!.name,
        ),
      );
    }
  }

  /** Send a message, if it is still to be. */
  #write<T>(
    write: (writer: Writer, id: number, session: StreamingSession) => T,
  ): T | undefined {
    const id = this.#id;
    if (id < 0) return undefined;
    const { session } = this.#streams!;
    const writer = session.begin();
    let written: T;
    try {
      written = write(writer, id, session);
    } catch (error) {
      session.abandon(writer);
      throw error;
    }
    // An item may have a getter, which may have done anything.
    if (this.#id === id) session.commit(writer);
    else session.abandon(writer);
    return written;
  }

  #failed(code: RpcErrorCode, cause: unknown, what: string): RpcError {
    const { path, message = "it was ended" } = Object(cause) as { path?: string; message?: string };
    return new RpcError(
      code,
      `Cannot call ${this.#method.name}: ${what}${path ? `.${path}` : ""}: ${message}`,
      { cause },
    );
  }
}

class Streams implements OpenStreams {
  readonly session: StreamingSession;
  /** Of items that were kept, too: they are read when nothing else is. */
  readonly reader: Reader;
  readonly #calls = new Map<number, Streaming>();
  #bytes!: Uint8Array;
  // What is of no call that streams has just ended, or never was.
  readonly #handlers: ServerExtensionHandlers = [
    (id, start, end) => this.#calls.get(id)?.onItem(this.#bytes, start, end),
    (id, bytes) => this.#calls.get(id)?.onGrant(bytes),
    () => {},
    () => {},
  ];

  constructor(session: StreamingSession) {
    this.session = session;
    this.reader = new Reader(session.limits);
  }

  get size(): number {
    return this.#calls.size;
  }

  set(id: number, call: Streaming): void {
    this.#calls.set(id, call);
  }

  receive(reader: Reader, kind: number, at: number): void {
    this.#bytes = reader.bytes;
    readServerExtension(reader, kind, at, this.#handlers);
  }

  over(id: number): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.over();
  }
}
