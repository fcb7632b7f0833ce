/**
 * {@linkcode AnswerWriter}: writes a standard `Response` through `node:http`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type ServerResponse, STATUS_CODES } from "node:http";
import { ClientGone } from "../listen.ts";
import { answerFields } from "./http.ts";

/** Bytes per write. The peer must read this many within the timeout. */
const MAX_WRITE_BYTES = 64 * 1024;

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Read = { readonly done: boolean; readonly value?: Uint8Array | undefined };

/** Writes one answer with backpressure. */
export class AnswerWriter {
  readonly #response: ServerResponse;
  readonly #patienceMs: number;
  #written = 0;

  /** Milliseconds without progress before the peer's connection is cut; 0: no timeout. */
  constructor(response: ServerResponse, patienceMs: number) {
    this.#response = response;
    this.#patienceMs = patienceMs;
  }

  /**
   * Resolves when all is written or the client has left, which cancels the answer's body. Calls `isLast` when
   * the answer begins, to learn whether another request may follow. Rejects if the body fails.
   */
  async write(answer: Response, isLast: () => boolean): Promise<void> {
    const response = this.#response;
    const { status, headers } = answer;
    const bodiless = status === 204 || status === 304 || response.req.method === "HEAD";
    const reader = answer.body?.getReader();
    const cancel = (): void =>
      void reader?.cancel(new ClientGone("The client has left")).catch(ignore);
    response.once("close", cancel);
    if (response.destroyed || response.socket?.destroyed !== false) return cancel();
    try {
      const { first, rest, length } = await begin(reader);
      const fields = answerFields(headers, isLast());
      const announced = contentLength(headers) ?? length;
      if (announced !== undefined && status !== 204) fields.push("Content-Length", `${announced}`);
      response.writeHead(status, answer.statusText || (STATUS_CODES[status] ?? ""), fields);
      if (bodiless) {
        cancel();
      } else {
        response.flushHeaders();
        if (first !== undefined) await this.#send(first);
        if (reader !== undefined) await this.#pipe(rest, reader);
        if (announced !== undefined && this.#written !== announced && !response.destroyed) {
          throw new TypeError(
            `Cannot answer: Content-Length is ${announced}, and the body has ${this.#written} bytes`,
          );
        }
      }
      response.end();
      await this.#event("finish");
    } finally {
      response.off("close", cancel);
      cancel();
    }
  }

  async #pipe(rest: Promise<Read>, reader: Reader): Promise<void> {
    for (let { value } = await rest; value !== undefined; { value } = await reader.read()) {
      if (this.#response.destroyed) return;
      await this.#send(value);
    }
  }

  async #send(chunk: Uint8Array): Promise<void> {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError("Cannot answer: the body has a chunk that is no Uint8Array");
    }
    this.#written += chunk.length;
    for (let at = 0; at < chunk.length; at += MAX_WRITE_BYTES) {
      const part = chunk.subarray(at, at + MAX_WRITE_BYTES);
      // A view: `Buffer.from` of an array would copy.
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.length);
      if (!this.#response.write(bytes)) await this.#event("drain");
      if (this.#response.destroyed) return;
    }
  }

  /** Resolves when the peer has read the buffered bytes, or has left. */
  #event(name: "drain" | "finish"): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      const timer = this.#patienceMs > 0
        ? setTimeout(() => response.destroy(), this.#patienceMs)
        : undefined;
      const done = (): void => {
        clearTimeout(timer);
        response.off(name, done);
        response.off("close", done);
        resolve();
      };
      // After the last write `finish` is still to come; it passes the socket to the next response.
      response.on(name, done);
      response.on("close", done);
      if (response.destroyed) done();
    });
  }
}

/** A body's first chunk if it is available at once, and the body's length if that is all of it. */
async function begin(reader: Reader | undefined): Promise<{
  first?: Uint8Array;
  rest: Promise<Read>;
  length?: number;
}> {
  if (reader === undefined) return { rest: END, length: 0 };
  let rest: Promise<Read> = reader.read();
  // A body that fails before its first chunk fails the whole answer. Later failures surface where it is read.
  const read = await Promise.race([rest, turn()]);
  if (read === undefined) return { rest };
  const first = read.value;
  if (first === undefined) return { rest, length: 0 };
  rest = reader.read();
  const next = await Promise.race([rest.catch(ignore), turn()]);
  return next?.done === true ? { first, rest, length: first.length } : { first, rest };
}

const END: Promise<Read> = Promise.resolve({ done: true });

function contentLength(headers: Headers): number | undefined {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function turn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}

function ignore(): undefined {}
