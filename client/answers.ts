/**
 * {@linkcode answering}: a client's answers to calls of its server.
 *
 * Pages load it only for services with client methods. It imports nothing of the page's first chunk, which a bundler
 * would then split: it receives what it needs as parameters.
 *
 * @module
 */
import type { readArchive, writeArchive } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { CallContext, MethodInfo } from "../service/types.ts";
import type { StreamingSession } from "../stream/open_streams.ts";
import type { checkSize } from "../wire/faults.ts";
import type { RpcError, RpcHandlerErrorCode } from "../wire/errors.ts";

/** The parts that every client has. */
export interface AnswerKit {
  readonly readArchive: typeof readArchive;
  readonly writeArchive: typeof writeArchive;
  readonly checkSize: typeof checkSize;
  /** All codes, by index. */
  readonly codes: readonly RpcHandlerErrorCode[];
  /** Observes each answer, if there is telemetry. */
  readonly watch?: ((method: string, answer: Promise<unknown>) => void) | undefined;
}

/** Answers the calls of one session. */
export interface Answers {
  /** Calls in flight. */
  readonly size: number;
  /**
   * Take the rest of a message that is a call, or cancels one.
   *
   * @throws {CodecError} If it is neither, or the call's id is taken.
   */
  receive(reader: Reader, kind: number, at: number): void;
  /** The session has ended: drop all answers. */
  end(error: Error): void;
}

/**
 * Begins to answer the calls of a session.
 *
 * @param onError Receives errors of handlers, invalid outputs and calls that fail to decode.
 */
export type OpenAnswers = (
  session: StreamingSession,
  onError: (error: unknown) => void,
) => Answers;

type Handler = (args: unknown, context: CallContext) => unknown;

// As in `wire/layout.ts`.
const SERVER_CALL = 5;
const SERVER_CANCEL = 6;
const CLIENT_REPLY = 5;
const CLIENT_FAILED = 6;
const CLIENT_MESSAGE_BYTES = 12;
const MESSAGE_ALIGN = 4;

/**
 * Answer by handlers.
 *
 * @param handlers By method name; absent if the client has none.
 * @throws {TypeError} If one is unknown or missing.
 */
export function answering(
  methods: readonly MethodInfo[],
  handlers: object | undefined,
  kit: AnswerKit,
): OpenAnswers {
  if (handlers !== undefined) {
    const names = methods.map(({ name }) => name);
    for (const name of names) {
      if (typeof (handlers as Record<string, unknown>)[name] !== "function") {
        throw new TypeError(`Cannot answer calls: "client" has no method ${name}`);
      }
    }
    for (const name of Object.keys(handlers)) {
      if (!names.includes(name)) {
        const there = names.join(", ") || "none";
        throw new TypeError(`Cannot answer calls of ${name}: methods of the client are ${there}`);
      }
    }
  }
  return (session, onError) => new Answering(methods, handlers as never, kit, session, onError);
}

/** A handler's second argument; its signal is created on first use. */
class Context implements CallContext {
  #controller: AbortController | undefined;
  /** The reason of the cancel, if cancelled. */
  #over: { readonly reason: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#over.reason);
    }
    return this.#controller.signal;
  }

  end(reason: unknown): void {
    this.#over ??= { reason };
    this.#controller?.abort(reason);
  }
}

class Answering implements Answers {
  readonly #methods: readonly MethodInfo[];
  readonly #handlers: Readonly<Record<string, Handler>> | undefined;
  readonly #kit: AnswerKit;
  readonly #session: StreamingSession;
  readonly #onError: (error: unknown) => void;
  /** Calls in flight, by id: 256 at most. */
  readonly #running = new Map<number, Context>();

  constructor(
    methods: readonly MethodInfo[],
    handlers: Readonly<Record<string, Handler>> | undefined,
    kit: AnswerKit,
    session: StreamingSession,
    onError: (error: unknown) => void,
  ) {
    this.#methods = methods;
    this.#handlers = handlers;
    this.#kit = kit;
    this.#session = session;
    this.#onError = onError;
  }

  get size(): number {
    return this.#running.size;
  }

  receive(reader: Reader, kind: number, at: number): void {
    const id = reader.bytes[at + 1]!;
    if (kind === SERVER_CANCEL) {
      return this.#running.get(id)?.end(undefined);
    }
    if (kind !== SERVER_CALL) reader.fail("InvalidTag", at);
    if (this.#running.has(id)) reader.fail("InvalidTag", at + 1, "an id that is free");
    const start = reader.claimBytes(at + 4);
    this.#call(reader, id, start, reader.low);
  }

  #call(reader: Reader, id: number, start: number, end: number): void {
    const [first] = this.#methods;
    let method: MethodInfo | undefined;
    let args: unknown;
    if (first && end - start >= first.call.size) {
      const { size, tagBytes } = first.call;
      const tag = reader.u32(end - size) & (tagBytes === 4 ? -1 : (1 << (8 * tagBytes)) - 1);
      method = this.#methods[tag >>> 0];
    }
    const handler = method && this.#handlers?.[method.name];
    // An unknown method belongs to a newer server.
    if (!method || !handler) return this.#fail(id, "ClientDecodeError");
    try {
      args = this.#kit.readArchive<unknown>(this.#session.codec, method.call, reader, start, end);
    } catch (error) {
      this.#onError(error);
      return this.#fail(id, "ClientDecodeError");
    }
    const context = new Context();
    this.#running.set(id, context);
    const answer = new Promise((resolve) => resolve(handler(args, context)));
    this.#kit.watch?.(method.name, answer);
    answer.then(
      (output) => this.#reply(id, context, method, output),
      (error) => {
        const { name, code } = Object(error) as RpcError;
        const known = name === "RpcError" && this.#kit.codes.includes(code as never);
        // Also if the call was cancelled.
        if (!known) this.#onError(error);
        if (this.#over(id, context)) {
          this.#fail(id, known ? code as RpcHandlerErrorCode : "HandlerPanicked");
        }
      },
    );
  }

  /** A handler has settled. Returns whether to send its result. */
  #over(id: number, context: Context): boolean {
    return this.#running.get(id) === context && this.#running.delete(id);
  }

  #reply(id: number, context: Context, method: MethodInfo, output: unknown): void {
    if (!this.#over(id, context)) return;
    const session = this.#session;
    const writer = session.begin();
    try {
      const start = writer.base = writer.position;
      const value = method.output.kind === "unit" ? undefined : output;
      const length = this.#kit.writeArchive(session.codec, method.output, writer, value);
      this.#root(writer, CLIENT_REPLY, id, (at) => writer.slice(at + 4, start, length));
      this.#kit.checkSize(writer.position - start, session.limits);
    } catch (error) {
      session.abandon?.(writer);
      this.#onError(error);
      return this.#fail(id, "ClientEncodeError");
    }
    session.commit(writer);
  }

  #fail(id: number, code: RpcHandlerErrorCode): void {
    const writer = this.#session.begin();
    writer.base = writer.position;
    this.#root(writer, CLIENT_FAILED, id, (at) => {
      writer.out[at + 2] = this.#kit.codes.indexOf(code);
    });
    this.#session.commit(writer);
  }

  #root(writer: Writer, tag: number, id: number, fill: (at: number) => void): void {
    const at = writer.begin(CLIENT_MESSAGE_BYTES);
    writer.out[at] = tag;
    writer.out[at + 1] = id;
    fill(at);
    writer.end(at, MESSAGE_ALIGN);
  }

  end(error: Error): void {
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const context of all) context.end(error);
  }
}
