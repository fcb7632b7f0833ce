/**
 * {@linkcode Sender}: archive → deflate → transport, in order.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { STORED_HEADER_BYTES } from "../deflate/stored.ts";
import { type DeflateOwner, type Deflater, thriftyLevel } from "./deflater.ts";
import { ANYTHING, type Extension, type Receives } from "./handshake.ts";
import type { Limits } from "./limits.ts";
import {
  frame,
  type Framed,
  giveWriter,
  type SendTally,
  type SharedMessage,
  takeWriter,
} from "./shared_message.ts";
import type { Transport } from "./transport.ts";

/** How messages are sent. Many senders may share one. */
export interface SenderOptions {
  /** How they are deflated. */
  readonly deflater: Deflater;
  /** At which level: 0 to 9. */
  readonly level: number;
  /** What the peer takes. Default: anything. */
  readonly receives?: Receives | undefined;
  /** What was agreed on with it. Default: 0. */
  readonly extension?: Extension;
  /** What bounds the values in them. Default: the defaults. */
  readonly limits?: Pick<Limits, "maxDepth"> | undefined;
  /** Counts what all of them send. */
  readonly tally?: SendTally | undefined;
}

/** Whose messages a sender sends. */
export interface SenderOwner {
  /** A message could not be deflated: it is lost, and so is the connection. */
  onSendError(error: unknown): void;
  /** Messages that waited for the deflater have all been handed to the transport. */
  onIdle?(): void;
}

/**
 * Is told once whether the peer takes a message: at once, or when it has been deflated. One that it does
 * not take is not sent.
 */
export type SettledListener = (taken: boolean) => void;

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** Bytes that a message may grow by when it is framed, and that many a KiB besides. */
const GROWTH_BYTES = 64;

/** Whether a peer takes an archive of so many bytes, however it is deflated. */
export function surelyTakes({ receives = ANYTHING }: SenderOptions, length: number): boolean {
  const { maxMessageBytes, maxInflatedBytes } = receives;
  const largest = length + (length / 1024 + 1) * GROWTH_BYTES;
  return length <= maxInflatedBytes && largest <= maxMessageBytes;
}

interface Waiting {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly length: number;
  /** Held until it is sent. */
  readonly shared: SharedMessage | undefined;
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
export class Sender implements DeflateOwner {
  readonly #owner: SenderOwner;
  /** What waits for the deflater, if anything does. */
  #waiting: Waiting[] | undefined;
  #closed = false;
  /** The broker. */
  readonly transport: Transport;
  /** How they are sent. */
  readonly options: SenderOptions;
  /** Bytes of all messages so far, as they stand on the wire. */
  sentBytes = 0;

  /** Create for one transport. */
  constructor(transport: Transport, options: SenderOptions, owner: SenderOwner) {
    this.transport = transport;
    this.options = options;
    this.#owner = owner;
  }

  /** Bytes that have not been handed to the network. */
  get bufferedBytes(): number {
    let bytes = this.transport.bufferedAmount;
    if (this.#waiting !== undefined) { for (const { length } of this.#waiting) bytes += length; }
    return bytes;
  }

  /** Those of them that nobody else holds as well. */
  get ownBytes(): number {
    const { bufferedAmount, sharedAmount = 0 } = this.transport;
    let bytes = bufferedAmount - sharedAmount;
    for (const { length, shared } of this.#waiting ?? []) if (shared === undefined) bytes += length;
    return bytes;
  }

  get wanted(): boolean {
    return !this.#closed || this.#waiting !== undefined;
  }

  /** Whether no message waits for the deflater. */
  get idle(): boolean {
    return this.#waiting === undefined;
  }

  /** A writer for one archive: write it at its position, then {@linkcode Sender.commit} it. */
  begin(): Writer {
    return takeWriter(this.options.limits?.maxDepth);
  }

  /**
   * Send the archive in a writer from {@linkcode Sender.begin}, and take the writer back. With `onSettled`
   * only if the peer takes it, for which the level is spent; without, it was asked before.
   */
  commit(writer: Writer, onSettled?: SettledListener): void {
    const { deflater, level, receives = ANYTHING } = this.options;
    const length = writer.position - STORED_HEADER_BYTES;
    if (this.#closed || (onSettled !== undefined && length > receives.maxInflatedBytes)) {
      giveWriter(writer);
      return onSettled?.(false);
    }
    let framed: Framed;
    try {
      const spent = onSettled === undefined ? thriftyLevel(level, length, this.transport) : level;
      framed = frame(writer, deflater, spent, this);
    } catch (error) {
      giveWriter(writer);
      this.#fail(error);
      return onSettled?.(false);
    }
    if (framed instanceof Promise) {
      const done = () => giveWriter(writer);
      framed.then(done, done);
      this.#wait(framed, length, undefined, onSettled);
    } else {
      const taken = onSettled === undefined || framed.length <= receives.maxMessageBytes;
      if (taken) this.#send(framed, undefined);
      giveWriter(writer);
      onSettled?.(taken);
    }
  }

  /** Give a writer from {@linkcode Sender.begin} back unsent. */
  abandon(writer: Writer): void {
    giveWriter(writer);
  }

  /** Send a message that goes to many connections. `onSettled` as for {@linkcode Sender.commit}. */
  sendShared(message: SharedMessage, onSettled?: SettledListener): void {
    const { level, receives = ANYTHING } = this.options;
    if (this.#closed || (onSettled !== undefined && message.length > receives.maxInflatedBytes)) {
      return onSettled?.(false);
    }
    const framed = message.at(
      onSettled === undefined ? thriftyLevel(level, message.length, this.transport) : level,
    );
    if (framed instanceof Promise) return this.#wait(framed, message.length, message, onSettled);
    const taken = onSettled === undefined || framed.length <= receives.maxMessageBytes;
    if (taken) this.#send(framed, message);
    onSettled?.(taken);
  }

  #send(framed: Uint8Array<ArrayBuffer>, shared: SharedMessage | undefined): void {
    const { length } = framed;
    if (this.#waiting === undefined) {
      this.sentBytes += length;
      this.#hand(framed, shared);
    } else {
      const bytes = shared === undefined ? framed.slice() : framed;
      this.#push({ bytes, length, shared });
    }
  }

  /** Give the transport a message, and count what it copies. */
  #hand(framed: Uint8Array<ArrayBuffer>, shared: SharedMessage | undefined): void {
    const { tally } = this.options;
    const holders = shared?.holders;
    this.transport.send(framed, shared);
    if (tally !== undefined && holders === shared?.holders) tally.sentBytes += framed.length;
  }

  /** Send what waits, and nothing more. */
  finish(): void {
    this.#closed = true;
  }

  /** Drop what waits, and send nothing more. */
  close(): void {
    this.#closed = true;
    for (const { shared } of this.#waiting ?? []) shared?.release();
    this.#waiting = undefined;
  }

  #push(waiting: Waiting): void {
    const { length, shared } = waiting;
    this.sentBytes += length;
    if (shared !== undefined) shared.hold();
    else if (this.options.tally !== undefined) this.options.tally.sentBytes += length;
    (this.#waiting ??= []).push(waiting);
  }

  #wait(
    framed: Promise<Uint8Array<ArrayBuffer>>,
    length: number,
    shared: SharedMessage | undefined,
    onSettled: SettledListener | undefined,
  ): void {
    const waiting: Waiting = { bytes: undefined, length, shared };
    this.#push(waiting);
    framed.then((bytes) => {
      const taken = onSettled === undefined ||
        bytes.length <= (this.options.receives ?? ANYTHING).maxMessageBytes;
      waiting.bytes = taken ? bytes : NOTHING;
      // Before the rest, so that nothing counts as handed over while its answer is not.
      onSettled?.(taken);
      this.#drain();
    }, (error) => {
      this.#fail(error);
      onSettled?.(false);
    });
  }

  #drain(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let sent = 0;
    for (const { bytes, length, shared } of waiting) {
      if (bytes === undefined) break;
      // It was counted as it was before it was deflated.
      this.sentBytes += bytes.length - length;
      if (bytes !== NOTHING) this.#hand(bytes, shared);
      shared?.release();
      sent++;
    }
    if (sent === 0) return;
    waiting.splice(0, sent);
    if (waiting.length > 0) return;
    this.#waiting = undefined;
    this.#owner.onIdle?.();
  }

  #fail(error: unknown): void {
    if (this.#closed && this.idle) return;
    this.close();
    this.#owner.onSendError(error);
  }
}
