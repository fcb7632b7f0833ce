/**
 * Decodes an archived call for its handler, and archives the handler's output.
 *
 * @module
 */
import { type Codec, readArchive, readUnexplained } from "../codec/archive.ts";
import { CodecError } from "../codec/errors.ts";
import { describeValue } from "../codec/explain.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import { readTag } from "../codec/sums.ts";
import type { Writer } from "../codec/writer.ts";
import type { CallContext, MethodInfo, Service } from "../service/types.ts";
import { ignore, isThenable } from "../wire/listener.ts";
import { writeRawResponse, writeResponse } from "../wire/server_message_writer.ts";
import { type Context, isRawHandler, type RawHandle, type RawHandler } from "./context.ts";

type AnyContext = Context<unknown, unknown, unknown>;

/** A service of any types. */
export type AnyService = Service<unknown, unknown, unknown, unknown>;

/** A handler of a service of any types. */
export type AnyHandler =
  | ((context: AnyContext) => unknown)
  | RawHandler<unknown, unknown, unknown>;

/** Runs the calls of all connections; each connection has its own target. */
export interface Dispatcher {
  /** The method of the last decoded call, or -1 if unknown. */
  method: number;
  /**
   * Create the target of one connection's calls.
   *
   * @throws What the handler throws; `TypeError` if a method is missing.
   */
  targetOf(context: AnyContext): unknown;
  /** Decode a call's arguments. Throws any error if they are invalid. */
  decode(reader: Reader, start: number, end: number): unknown;
  /** Explains why the last call failed to decode: where, what was expected, what was found. */
  explain(reader: Reader, start: number, end: number, cause: unknown): unknown;
  /** A method's streams; `undefined` if it has none. */
  streaming(method: number): MethodInfo | undefined;
  /** Run the handler. Throws what it throws. */
  call(target: unknown, method: number, args: unknown, context: CallContext): unknown;
  /** Write the answer. Throws `CodecError` for a value that is not the method's output. */
  respond(writer: Writer, id: number, method: number, output: unknown): void;
  /** A method's name for messages. */
  nameOf(method: number): string;
}

function unknownMethod(tag: number, count: number, offset: number): CodecError {
  return new CodecError(
    "InvalidTag",
    `Cannot decode the call: expected a method below ${count}, got ${tag}`,
    "",
    offset,
  );
}

/** Explains why an archive was not read: where, what was expected, what was found. */
export function explainArchive(
  codec: Codec,
  schema: Schema<unknown>,
  reader: Reader,
  start: number,
  end: number,
  cause: unknown,
): unknown {
  try {
    readArchive(codec, schema, reader, start, end);
  } catch (error) {
    return error;
  }
  return cause;
}

type Handlers = Readonly<Record<string, (args: unknown, context: CallContext) => unknown>>;

class TypedDispatcher implements Dispatcher {
  method = 0;
  readonly #service: AnyService;
  readonly #factory: (context: AnyContext) => unknown;
  readonly #codec: Codec;
  /** The streaming methods, by index; absent if there are none. */
  readonly #streaming: readonly (MethodInfo | undefined)[] | undefined;
  /** Whether the method names of the first connection's handler were checked. */
  #checked = false;

  constructor(service: AnyService, factory: (context: AnyContext) => unknown, codec: Codec) {
    this.#service = service;
    this.#factory = factory;
    this.#codec = codec;
    const streaming = service.methods.map((info) => info.input || info.items ? info : undefined);
    if (streaming.some((info) => info !== undefined)) this.#streaming = streaming;
  }

  targetOf(context: AnyContext): unknown {
    const handlers = this.#factory(context);
    if (typeof handlers !== "object" || handlers === null) {
      throw new TypeError("Cannot use the handler: it made no object of methods");
    }
    if (isThenable(handlers)) {
      Promise.resolve(handlers).then(undefined, ignore);
      throw new TypeError(
        "Cannot use the handler: it is async; answer the methods at once, and wait inside of them",
      );
    }
    if (!this.#checked) this.#checkNames(handlers);
    for (const { name } of this.#service.methods) {
      if (typeof (handlers as Handlers)[name] !== "function") {
        throw new TypeError(`Cannot use the handler: it has no method ${name}`);
      }
    }
    return handlers;
  }

  /** An unknown method is a misspelt one. Classes may have other methods. */
  #checkNames(handlers: object): void {
    const prototype: unknown = Object.getPrototypeOf(handlers);
    if (prototype === Object.prototype || prototype === null) {
      const { name: service, methods } = this.#service;
      for (const [name, value] of Object.entries(handlers)) {
        if (typeof value === "function" && !methods.some((method) => method.name === name)) {
          throw new TypeError(
            `Cannot use the handler: ${service} has no method ${name}; it has ${
              methods.map((method) => method.name).join(", ")
            }`,
          );
        }
      }
    }
    this.#checked = true;
  }

  decode(reader: Reader, start: number, end: number): unknown {
    const { calls, methods } = this.#service;
    // The tag is read first, to find the method; the reader of its arguments takes it as read.
    const isWhole = end - start >= calls.size;
    const tag = isWhole ? readTag(reader, end - calls.size, calls.tagBytes) : 0;
    const method = methods[tag];
    this.method = -1;
    if (method === undefined) throw unknownMethod(tag, methods.length, end - calls.size - start);
    if (isWhole) this.method = tag;
    return readUnexplained(this.#codec, method.call, reader, start, end);
  }

  explain(reader: Reader, start: number, end: number, cause: unknown): unknown {
    if (this.method === -1 && cause instanceof CodecError) return cause;
    const { call } = this.#service.methods[Math.max(0, this.method)]!;
    return explainArchive(this.#codec, call, reader, start, end, cause);
  }

  streaming(method: number): MethodInfo | undefined {
    return this.#streaming?.[method];
  }

  call(target: unknown, method: number, args: unknown, context: CallContext): unknown {
    return (target as Handlers)[this.#service.methods[method]!.name]!(args, context);
  }

  respond(writer: Writer, id: number, method: number, output: unknown): void {
    const info = this.#service.methods[method]!;
    writeResponse(
      this.#codec,
      writer,
      id,
      info.output,
      info.output.kind === "unit" ? undefined : output,
    );
  }

  nameOf(method: number): string {
    return this.#service.methods[method]!.name;
  }
}

class RawDispatcher implements Dispatcher {
  method = 0;
  readonly #handle: RawHandle<unknown, unknown, unknown>;

  constructor(handle: RawHandle<unknown, unknown, unknown>) {
    this.#handle = handle;
  }

  targetOf(context: AnyContext): unknown {
    return context;
  }

  decode(reader: Reader, start: number, end: number): unknown {
    return new Uint8Array(reader.bytes.subarray(start, end));
  }

  explain(_reader: Reader, _start: number, _end: number, cause: unknown): unknown {
    return cause;
  }

  streaming(): undefined {}

  call(target: unknown, _method: number, call: unknown, context: CallContext): unknown {
    const connection = target as AnyContext;
    return this.#handle(call as Uint8Array<ArrayBuffer>, connection, context);
  }

  respond(writer: Writer, id: number, _method: number, output: unknown): void {
    if (!(output instanceof Uint8Array)) {
      const given = describeValue(output);
      throw new TypeError(
        `Cannot answer a call: expected a Uint8Array of the raw handler, got ${given}`,
      );
    }
    writeRawResponse(writer, id, output);
  }

  nameOf(): string {
    return "raw call";
  }
}

/**
 * Reject an invalid handler when it is given, not with each connection.
 *
 * @throws {TypeError} If it is neither a function nor a raw handler.
 */
export function checkHandler(handler: unknown): void {
  if (typeof handler === "function") return;
  if (isRawHandler(handler) && typeof handler.handle === "function") return;
  throw new TypeError(
    "Cannot use the handler: expected a function that makes the methods of a connection, or " +
      `rawHandler(…), got ${describeValue(handler)}`,
  );
}

/** The dispatcher of a service and its handler. */
export function createDispatcher(
  service: AnyService,
  handler: AnyHandler,
  codec: Codec,
): Dispatcher {
  return isRawHandler(handler)
    ? new RawDispatcher(handler.handle)
    : new TypedDispatcher(service, handler, codec);
}
