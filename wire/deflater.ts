/**
 * The ports that turn a whole archive into a raw DEFLATE stream and back: {@linkcode Deflater}, and
 * {@linkcode Framing} for a page.
 *
 * Each message is one stream of its own that ends with a final block and has nothing after it:
 * the Rust peer drops anything else without a word.
 *
 * @module
 */
import type { Transport } from "./transport.ts";

/** For whose connection a message is deflated. */
export interface DeflateOwner {
  /** Whether what waits is still wanted: not once its connection has ended. */
  readonly wanted: boolean;
}

/** Raw DEFLATE of whole messages. */
export interface Deflater {
  /**
   * Deflate `bytes`, at once or later. The input is only read until the call returns or its promise
   * settles; a result given at once is only valid until the next call.
   *
   * @param bytes The archive.
   * @param level 0 (stored) to 9.
   * @param owner Has one message at a time on another thread, and what waits for one is dropped, which
   * rejects, when it is not wanted any more. Absent, as for a message to many: neither.
   */
  deflate(
    bytes: Uint8Array<ArrayBuffer>,
    level: number,
    owner?: DeflateOwner,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Inflate one whole stream. Truncated input, corrupt input, bytes after the final block and more
   * output than `maxBytes` are refused with `InflateError`. The result may be a view on `bytes` and is
   * only valid until the next call.
   *
   * Always at once: no native inflater that answers later is both bounded and strict, and messages
   * need no queue this way.
   */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/**
 * Bytes an archive must have before it is worth more than a stored block: below, a round of
 * deflating costs more than the bytes it saves.
 */
export const MIN_DEFLATED_BYTES = 128;

/** Has the archive at `[start, end)` of some bytes read, while it is there. */
export type ReadArchive = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Inflates one message and has it read, in the same turn.
 *
 * @throws {ProtocolError} `BadDeflate` or `TooBig` if it is no stream, or longer than the limit.
 */
export type Unframe = (message: Uint8Array, maxInflatedBytes: number, read: ReadArchive) => void;

/** How the messages of a client become what goes over its transports, and archives again. */
export interface Framing {
  /** Bytes that wait to be framed. */
  readonly waitingBytes: number;
  /**
   * Send an archive, whose bytes are the framing's from now on, behind those before it.
   *
   * @param onSent Told how many bytes it has on the wire.
   * @param onError Told that it cannot be framed.
   */
  send(
    transport: Pick<Transport, "send">,
    archive: Uint8Array<ArrayBuffer>,
    onSent: (bytes: number) => void,
    onError: (error: unknown) => void,
  ): void;
  /** Take a message out of its frame. */
  readonly unframe: Unframe;
}
