/**
 * {@linkcode Sender}: archive → deflate → transport, in order.
 *
 * @module
 */
import { Writer } from "../codec/writer.ts";
import { MAX_STORED_BYTES, STORED_HEADER_BYTES, writeStoredHeader } from "../deflate/stored.ts";
import type { Deflater } from "./deflater.ts";
import type { Receives } from "./handshake.ts";
import type { Transport } from "./transport.ts";

/**
 * Bytes an archive must have before it is worth more than a stored block: below, a round of
 * deflating costs more than the bytes it saves.
 */
export const MIN_DEFLATED_BYTES = 128;

const MAX_KEPT_WRITER_BYTES = 5 << 18;
const MAX_KEPT_WRITERS = 8;

const writers: Writer[] = [];

/** Take a writer that is positioned where an archive goes, after room for a stored block's header. */
export function takeWriter(): Writer {
  const writer = writers.pop() ?? new Writer(1024);
  writer.position = writer.base = STORED_HEADER_BYTES;
  writer.top = writer.cursor = 0;
  return writer;
}

/** Give a writer back. One that is not given back is only garbage. */
export function giveWriter(writer: Writer): void {
  if (writer.bytes.length <= MAX_KEPT_WRITER_BYTES && writers.length < MAX_KEPT_WRITERS) {
    writers.push(writer);
  }
}

/** A message as it goes to the transport: at once, or when it has been deflated. */
export type Framed = Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

function isStored(writer: Writer, level: number): boolean {
  const length = writer.position - STORED_HEADER_BYTES;
  return length < MIN_DEFLATED_BYTES || (level === 0 && length <= MAX_STORED_BYTES);
}

/** What `writer` holds as one deflate stream. Valid until the writer is given back or the deflater used. */
function frame(writer: Writer, deflater: Deflater, level: number): Framed {
  if (isStored(writer, level)) {
    writeStoredHeader(writer.bytes, 0, writer.position - STORED_HEADER_BYTES);
    return writer.written();
  }
  return deflater.deflate(writer.bytes.subarray(STORED_HEADER_BYTES, writer.position), level);
}

/**
 * A message for many connections, deflated at most once a level.
 *
 * The writer stays with it, and is given back by {@linkcode SharedMessage.release}.
 */
export class SharedMessage {
  readonly #writer: Writer;
  readonly #deflater: Deflater;
  readonly #framed: (Framed | undefined)[] = [];
  /** Bytes of the archive. */
  readonly length: number;

  /** Take over a writer from {@linkcode takeWriter} that holds one archive. */
  constructor(writer: Writer, deflater: Deflater) {
    this.#writer = writer;
    this.#deflater = deflater;
    this.length = writer.position - STORED_HEADER_BYTES;
  }

  /** The message at a level, for {@linkcode Sender.sendShared}. */
  at(level: number): Framed {
    const slot = isStored(this.#writer, level) ? 0 : level;
    return this.#framed[slot] ??= this.#frame(slot);
  }

  #frame(level: number): Framed {
    const framed = frame(this.#writer, this.#deflater, level);
    // One copy, so that no transport has to make one of its own.
    return framed instanceof Promise ? framed : framed.slice();
  }

  /** The message has been handed to every connection. */
  release(): void {
    const pending = this.#framed.filter((framed) => framed instanceof Promise);
    if (pending.length === 0) giveWriter(this.#writer);
    else void Promise.allSettled(pending).then(() => giveWriter(this.#writer));
  }
}

/** What a sender needs. */
export interface SenderOptions {
  /** Where messages go. */
  readonly transport: Transport;
  /** How they are deflated. */
  readonly deflater: Deflater;
  /** At which level: 0 to 9. */
  readonly level: number;
  /** What the peer takes. Default: anything. */
  readonly receives?: Receives | undefined;
  /** A message could not be deflated: it is lost, and so is the connection. */
  onError(error: unknown): void;
  /** Messages that waited for the deflater have all been handed to the transport. */
  onIdle?(): void;
}

const ANYTHING: Receives = { maxMessageBytes: Infinity, maxInflatedBytes: Infinity };
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

interface Waiting {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly length: number;
}

/**
 * Sends the messages of one connection, in the order of {@linkcode Sender.commit} and
 * {@linkcode Sender.sendShared}.
 *
 * A small message is a stored block: written in place behind its header, sent in the same turn. Others
 * are deflated; where that takes time, later messages wait behind them.
 *
 * @example A message
 * ```ts ignore
 * const writer = sender.begin();
 * writeErrorResponse(writer, id, "HandlerPanicked");
 * sender.commit(writer);
 * ```
 */
export class Sender {
  readonly #transport: Transport;
  readonly #deflater: Deflater;
  readonly #onError: (error: unknown) => void;
  readonly #onIdle: (() => void) | undefined;
  readonly #receives: Receives;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #closed = false;
  /** Bytes of all messages so far, as they stand on the wire. */
  sentBytes = 0;
  /** Level the messages are deflated at. */
  readonly level: number;

  /** Create for one transport. */
  constructor(options: SenderOptions) {
    this.#transport = options.transport;
    this.#deflater = options.deflater;
    this.level = options.level;
    this.#onError = options.onError;
    this.#onIdle = options.onIdle;
    this.#receives = options.receives ?? ANYTHING;
  }

  /** Bytes that have not been handed to the network. */
  get bufferedBytes(): number {
    return this.#transport.bufferedAmount + this.#waitingBytes;
  }

  /** Whether no message waits for the deflater. */
  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  /** A writer for one archive: write it at its position, then {@linkcode Sender.commit} it. */
  begin(): Writer {
    return takeWriter();
  }

  /**
   * Send the archive in a writer from {@linkcode Sender.begin}, and take the writer back. If it is larger
   * than the peer takes, it is not sent, and `onTooBig` is called: at once, or when it has been deflated.
   */
  commit(writer: Writer, onTooBig?: () => void): void {
    const length = writer.position - STORED_HEADER_BYTES;
    if (onTooBig !== undefined && length > this.#receives.maxInflatedBytes) {
      giveWriter(writer);
      return onTooBig();
    }
    let framed: Framed;
    try {
      framed = frame(writer, this.#deflater, this.level);
    } catch (error) {
      giveWriter(writer);
      this.#fail(error);
      return;
    }
    if (framed instanceof Promise) {
      const done = () => giveWriter(writer);
      framed.then(done, done);
      this.#wait(framed, length, onTooBig);
    } else {
      const tooBig = onTooBig !== undefined && framed.length > this.#receives.maxMessageBytes;
      if (!tooBig) this.#send(framed, length, undefined, false);
      giveWriter(writer);
      if (tooBig) onTooBig();
    }
  }

  /** Give a writer from {@linkcode Sender.begin} back unsent. */
  abandon(writer: Writer): void {
    giveWriter(writer);
  }

  /** Send a message that goes to many connections. `onTooBig` as for {@linkcode Sender.commit}. */
  sendShared(message: SharedMessage, onTooBig?: () => void): void {
    this.#send(message.at(this.level), message.length, onTooBig, true);
  }

  #send(framed: Framed, length: number, onTooBig: (() => void) | undefined, stable: boolean): void {
    if (this.#closed) return;
    const { maxMessageBytes, maxInflatedBytes } = this.#receives;
    if (onTooBig !== undefined && length > maxInflatedBytes) return onTooBig();
    if (framed instanceof Promise) return this.#wait(framed, length, onTooBig);
    if (onTooBig !== undefined && framed.length > maxMessageBytes) onTooBig();
    else if (this.#waiting.length === 0) {
      this.sentBytes += framed.length;
      this.#transport.send(framed, stable);
    } else this.#push({ bytes: stable ? framed : framed.slice(), length: framed.length });
  }

  /** Drop what waits, and send nothing more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #push(waiting: Waiting): void {
    this.sentBytes += waiting.length;
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.length;
  }

  #wait(
    framed: Promise<Uint8Array<ArrayBuffer>>,
    length: number,
    onTooBig: (() => void) | undefined,
  ): void {
    const waiting: Waiting = { bytes: undefined, length };
    if (!this.#closed) this.#push(waiting);
    framed.then((bytes) => {
      const tooBig = onTooBig !== undefined && bytes.length > this.#receives.maxMessageBytes;
      waiting.bytes = tooBig ? NOTHING : bytes;
      // Before the rest, so that nothing counts as handed over while its answer is not.
      if (tooBig && !this.#closed) onTooBig();
      this.#drain();
    }, (error) => this.#fail(error));
  }

  #drain(): void {
    if (this.#closed) return;
    let sent = 0;
    for (const { bytes, length } of this.#waiting) {
      if (bytes === undefined) break;
      this.#waitingBytes -= length;
      // It was counted as it was before it was deflated.
      this.sentBytes += bytes.length - length;
      if (bytes !== NOTHING) this.#transport.send(bytes);
      sent++;
    }
    if (sent === 0) return;
    this.#waiting.splice(0, sent);
    if (this.#waiting.length === 0) this.#onIdle?.();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#onError(error);
  }
}
