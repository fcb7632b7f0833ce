/**
 * {@linkcode DeflatingFraming}: compresses a page's messages. Loaded only if a level is asked for; imports no
 * module of the page's first chunk.
 *
 * @module
 */
import {
  inflate,
  inflatedBytes,
  InflateError,
  type InflateErrorCode,
  inflateFirst,
} from "../deflate/inflate.ts";
import { type Framing, MIN_DEFLATED_BYTES, type Unframe } from "../wire/deflater.ts";
import { createStreamsDeflater } from "./streams.ts";

/** Makes the error of a message that cannot be inflated. */
export type BadDeflate = (
  code: InflateErrorCode,
  maxInflatedBytes: number,
  cause: unknown,
) => Error;

/** Makes the error of a message that is larger than a limit. */
export type TooBig = (limit: string, bytes: number) => Error;

/** Deflates messages that gain from it. Later messages wait behind asynchronous ones. */
export class DeflatingFraming implements Framing {
  readonly #deflater = createStreamsDeflater();
  readonly #level: number;
  readonly #stored: Framing;
  readonly #badDeflate: BadDeflate;
  readonly #tooBig: TooBig;
  /** Settles when the last message was handed over; absent if none is pending. */
  #last: Promise<void> | undefined;
  waitingBytes = 0;

  /**
   * Create for one client.
   *
   * @param level 1 to 9.
   * @param stored Frames messages that don't gain from deflating.
   */
  constructor(level: number, stored: Framing, badDeflate: BadDeflate, tooBig: TooBig) {
    this.#level = level;
    this.#stored = stored;
    this.#badDeflate = badDeflate;
    this.#tooBig = tooBig;
  }

  frame(
    archive: Uint8Array<ArrayBuffer>,
    post: (message: Uint8Array<ArrayBuffer>) => void,
    onError: (error: unknown) => void,
  ): void {
    const hand = (deflated: Uint8Array<ArrayBuffer> | undefined): void =>
      // Streams make noise longer than stored blocks do.
      deflated === undefined || deflated.length > archive.length
        ? this.#stored.frame(archive, post, onError)
        : post(deflated);
    const framed = archive.length < MIN_DEFLATED_BYTES
      ? undefined
      : this.#deflater.deflate(archive, this.#level);
    if (this.#last === undefined && !(framed instanceof Promise)) return hand(framed);
    this.waitingBytes += archive.length;
    // A synchronous result is only valid until the next one.
    const kept = framed instanceof Promise ? framed : framed?.slice();
    const last: Promise<void> = (this.#last ?? Promise.resolve()).then(() => kept).then(hand)
      .catch(onError).finally(() => {
        this.waitingBytes -= archive.length;
        if (this.#last === last) this.#last = undefined;
      });
    this.#last = last;
  }

  readonly unframe: Unframe = (message, limits, read, mayBeMore) => {
    const { maxMessageBytes, maxInflatedBytes } = limits;
    let archive: Uint8Array;
    try {
      archive = (mayBeMore ? inflateFirst : inflate)(message, maxInflatedBytes);
    } catch (error) {
      if (!(error instanceof InflateError)) throw error;
      throw this.#badDeflate(error.code, maxInflatedBytes, error);
    }
    const end = mayBeMore ? inflatedBytes() : message.length;
    if (end > maxMessageBytes) throw this.#tooBig("maxMessageBytes", maxMessageBytes);
    read(archive, 0, archive.length);
    return end;
  };
}
