/**
 * From an archived call to the handler, and from its output to an archived answer.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import { CodecError } from "../codec/errors.ts";
import type { Reader } from "../codec/reader.ts";
import { readTag } from "../codec/variants.ts";
import type { Writer } from "../codec/writer.ts";
import type { Service } from "../service/types.ts";
import { writeRawResponse, writeResponse } from "../wire/messages.ts";
import { type Context, RawHandler, type ServiceHandler } from "./context.ts";

/** Runs the calls of one connection. */
export interface Dispatcher {
  /** The method of the call decoded last. */
  method: number;
  /** Decode a call's arguments. Throws `CodecError`. */
  decode(reader: Reader, start: number, end: number): unknown;
  /** Run the handler. Throws what it throws. */
  call(method: number, args: unknown): unknown;
  /** Write the answer. Throws `CodecError` for a value that is not the method's output. */
  respond(writer: Writer, id: number, method: number, output: unknown): void;
  /** What to call a method in messages. */
  nameOf(method: number): string;
}

function unknownMethod(tag: number, count: number): CodecError {
  return new CodecError(
    "InvalidTag",
    `Cannot decode the call: expected a method below ${count}, got ${tag}`,
  );
}

type Handler = (args: unknown) => unknown;

class TypedDispatcher implements Dispatcher {
  method = 0;
  readonly #service: Service<unknown, unknown, never>;
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(service: Service<unknown, unknown, never>, handlers: unknown) {
    if (typeof handlers !== "object" || handlers === null) {
      throw new TypeError("Cannot use the handler: it made no object of methods");
    }
    this.#service = service;
    this.#handlers = handlers as Record<string, Handler>;
    for (const { name } of service.methods) {
      if (typeof this.#handlers[name] !== "function") {
        throw new TypeError(`Cannot use the handler: it has no method ${name}`);
      }
    }
  }

  decode(reader: Reader, start: number, end: number): unknown {
    const { calls, methods } = this.#service;
    // Whose arguments follow is looked up first: what reads them checks the tag again with the rest.
    const tag = end - start < calls.size ? 0 : readTag(reader, calls, end - calls.size);
    const method = methods[tag];
    if (method === undefined) throw unknownMethod(tag, methods.length);
    this.method = tag;
    return readArchive(method.call, reader, start, end);
  }

  call(method: number, args: unknown): unknown {
    return this.#handlers[this.nameOf(method)]!(args);
  }

  respond(writer: Writer, id: number, method: number, output: unknown): void {
    const info = this.#service.methods[method]!;
    writeResponse(writer, id, info.output, info.hasOutput ? output : undefined);
  }

  nameOf(method: number): string {
    return this.#service.methods[method]!.name;
  }
}

class RawDispatcher<State, Event, Auth> implements Dispatcher {
  method = 0;
  readonly #handler: RawHandler<State, Event, Auth>;
  readonly #context: Context<State, Event, Auth>;

  constructor(handler: RawHandler<State, Event, Auth>, context: Context<State, Event, Auth>) {
    this.#handler = handler;
    this.#context = context;
  }

  decode(reader: Reader, start: number, end: number): unknown {
    return new Uint8Array(reader.bytes.subarray(start, end));
  }

  call(_method: number, call: unknown): unknown {
    return this.#handler.handle(call as Uint8Array<ArrayBuffer>, this.#context);
  }

  respond(writer: Writer, id: number, _method: number, output: unknown): void {
    if (!(output instanceof Uint8Array)) {
      throw new TypeError("Cannot answer a call: the raw handler answered no Uint8Array");
    }
    writeRawResponse(writer, id, output);
  }

  nameOf(): string {
    return "raw call";
  }
}

/**
 * The dispatcher of one connection.
 *
 * @throws What the handler throws; `TypeError` if a method is missing.
 */
export function createDispatcher<Methods, State, Event, Auth>(
  service: Service<Methods, State, Event>,
  handler: ServiceHandler<Methods, State, Event, Auth>,
  context: Context<State, Event, Auth>,
): Dispatcher {
  if (handler instanceof RawHandler) return new RawDispatcher(handler, context);
  return new TypedDispatcher(
    service as unknown as Service<unknown, unknown, never>,
    handler(context),
  );
}
