/**
 * {@linkcode deflatingFraming}: a page's messages, compressed. It is loaded when that is asked for, and
 * imports nothing of what a page has loaded before.
 *
 * @module
 */
import type { Framing, Outlet } from "../wire/framing.ts";
import { MIN_DEFLATED_BYTES } from "../wire/deflater.ts";
import type { Transport } from "../wire/transport.ts";
import { createStreamsDeflater } from "./streams.ts";

/**
 * Messages that are worth it are deflated; later ones wait behind those that take time.
 *
 * @param level 1 to 9.
 * @param stored Frames those that are not worth it.
 */
export function deflatingFraming(level: number, stored: Framing): Framing {
  const deflater = createStreamsDeflater();
  return {
    unframe(message, maxInflatedBytes, read) {
      const archive = deflater.inflate(message, maxInflatedBytes);
      read(archive, 0, archive.length);
    },
    open(transport, onError) {
      return new DeflatingOutlet(
        transport,
        stored.open(transport, onError),
        (archive) => deflater.deflate(archive, level),
        onError,
      );
    },
  };
}

type Deflate = (
  archive: Uint8Array<ArrayBuffer>,
) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

class DeflatingOutlet implements Outlet {
  readonly #transport: Transport;
  readonly #small: Outlet;
  readonly #deflate: Deflate;
  readonly #onError: (error: unknown) => void;
  /** Settles when what was sent last has been handed over; absent while nothing waits. */
  #last: Promise<void> | undefined;
  #closed = false;
  #deflatedBytes = 0;
  waitingBytes = 0;

  constructor(
    transport: Transport,
    small: Outlet,
    deflate: Deflate,
    onError: (error: unknown) => void,
  ) {
    this.#transport = transport;
    this.#small = small;
    this.#deflate = deflate;
    this.#onError = onError;
  }

  get sentBytes(): number {
    return this.#small.sentBytes + this.#deflatedBytes;
  }

  send(archive: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    const isSmall = archive.length < MIN_DEFLATED_BYTES;
    const framed = isSmall ? undefined : this.#deflate(archive);
    if (this.#last === undefined && !(framed instanceof Promise)) {
      return this.#hand(archive, framed);
    }
    this.waitingBytes += archive.length;
    // A result that is given at once only holds until the next.
    const kept = framed instanceof Promise ? framed : framed?.slice();
    const last: Promise<void> = (this.#last ?? Promise.resolve())
      .then(() => kept)
      .then((message) => {
        if (this.#closed) return;
        this.waitingBytes -= archive.length;
        this.#hand(archive, message);
        if (this.#last === last) this.#last = undefined;
      })
      .catch((error) => {
        if (!this.#closed) this.#onError(error);
      });
    this.#last = last;
  }

  #hand(archive: Uint8Array<ArrayBuffer>, deflated: Uint8Array<ArrayBuffer> | undefined): void {
    if (deflated === undefined) return this.#small.send(archive);
    this.#deflatedBytes += deflated.length;
    this.#transport.send(deflated);
  }

  close(): void {
    this.#closed = true;
    this.waitingBytes = 0;
  }
}
