/**
 * {@linkcode Sender}: archive → deflate → transport, in order.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { STORED_HEADER_BYTES } from "../deflate/stored.ts";
import { type DeflateOwner, thriftyLevel } from "./deflater.ts";
import { SHORT_RAW } from "./layout.ts";
import { MAX_BATCH_BYTES } from "./batch.ts";
import { ANYTHING } from "./handshake.ts";
import type { Excess, SenderOptions, SettledListener } from "./sending.ts";
import {
  frame,
  type Framed,
  giveWriter,
  levelOf,
  type SharedMessage,
  takeWriter,
} from "./shared_message.ts";
import { isShort } from "./short_message.ts";
import type { Transport } from "./transport.ts";

/** The owner of a sender. */
export interface SenderOwner {
  /** A message could not be deflated: the message and the connection are lost. */
  onSendError(error: unknown): void;
  /** All messages that waited for the deflater were passed to the transport. */
  onIdle?(): void;
}

type Message = Uint8Array<ArrayBuffer>;

const NOTHING: Message = new Uint8Array(0);

interface Waiting {
  bytes: Message | undefined;
  /** Its bytes on the wire; until they are known, those before deflating, or none if they are held by all together. */
  length: number;
  /** The message, held until it is sent. */
  readonly shared: SharedMessage | undefined;
  /** The stream whose item it is, raw. */
  readonly rawId: number;
}

/** A message that is none: see {@linkcode Waiting.rawId}. */
const NOT_RAW = -1;
/** `Raw{id, on}`: reused, because transports copy. */
const announcement: Message = Uint8Array.of(SHORT_RAW, 0, 0, 0);

/**
 * Sends the messages of one connection, in the order of {@linkcode Sender.commit} and
 * {@linkcode Sender.sendShared}.
 *
 * A small message is a stored block, written in place behind its header and sent in the same turn. Others are
 * deflated; if that is asynchronous, later messages wait behind them.
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
  /** The messages that wait for the deflater, if any. */
  #waiting: Waiting[] | undefined;
  #closed = false;
  /** The stream whose items are messages too large for a batch, as announced, or {@linkcode NOT_RAW}. */
  #rawId = NOT_RAW;
  /** What it sends by. */
  readonly transport: Transport;
  /** The options. */
  readonly options: SenderOptions;
  /** Bytes of all messages so far, on the wire. */
  sentBytes = 0;

  /** Create for one transport. */
  constructor(transport: Transport, options: SenderOptions, owner: SenderOwner) {
    this.transport = transport;
    this.options = options;
    this.#owner = owner;
  }

  /** Bytes not yet passed to the network. */
  get bufferedBytes(): number {
    let bytes = this.transport.bufferedAmount;
    if (this.#waiting !== undefined) { for (const { length } of this.#waiting) bytes += length; }
    return bytes;
  }

  /** The part of them that is not shared with other connections. */
  get ownBytes(): number {
    const { bufferedAmount, sharedAmount = 0 } = this.transport;
    let bytes = bufferedAmount - sharedAmount;
    for (const { length, shared } of this.#waiting ?? []) if (shared === undefined) bytes += length;
    return bytes;
  }

  get wanted(): boolean {
    return !this.#closed || this.#waiting !== undefined;
  }

  mayWait(bytes: number): boolean {
    return this.bufferedBytes + bytes <= (this.options.limits?.maxBufferedBytes ?? Infinity);
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
   * Send the archive in a writer from {@linkcode Sender.begin}, and take the writer back. With `onSettled`, only if
   * the peer accepts it; without, the caller has checked that before.
   */
  commit(writer: Writer, onSettled?: SettledListener): void {
    if (isShort(writer) && onSettled === undefined && !this.#closed) {
      this.#send(writer.written(), undefined);
      return giveWriter(writer);
    }
    const { deflater, level, receives = ANYTHING } = this.options;
    const length = writer.position - STORED_HEADER_BYTES;
    const isOver = onSettled !== undefined && length > receives.maxInflatedBytes;
    if (this.#closed || isOver) {
      giveWriter(writer);
      onSettled?.(false, isOver ? { limit: "maxInflatedBytes", bytes: length } : undefined);
      return;
    }
    let framed: Framed;
    try {
      const spent = onSettled === undefined ? thriftyLevel(level, length, this.transport) : level;
      framed = frame(writer, deflater, spent, this);
    } catch (error) {
      giveWriter(writer);
      this.#fail(error);
      onSettled?.(false);
      return;
    }
    if (framed instanceof Promise) {
      const done = () => giveWriter(writer);
      framed.then(done, done);
      this.#wait(framed, length, undefined, onSettled);
    } else {
      const excess = onSettled && this.#excess(framed);
      if (excess === undefined) this.#send(framed, undefined);
      giveWriter(writer);
      onSettled?.(excess === undefined, excess);
    }
  }

  /**
   * Send an item of a stream raw, as a message that is only its bytes: more than a batch has, and no more than the peer
   * takes. Returns false if it is to be sent as an archive, because it is worth compressing.
   */
  sendRaw(id: number, item: Message): boolean {
    const { buffer, byteOffset, length } = item;
    const level = thriftyLevel(this.options.level, length, this.transport);
    if (this.#closed || levelOf(item, level) !== 0) return false;
    // Not a `Buffer`, whose `slice` does not copy.
    this.#send(new Uint8Array(buffer, byteOffset, length), undefined, id);
    return true;
  }

  /** Return a writer from {@linkcode Sender.begin} without sending. */
  abandon(writer: Writer): void {
    giveWriter(writer);
  }

  /** Send a broadcast message. `onSettled` as for {@linkcode Sender.commit}. */
  sendShared(message: SharedMessage, onSettled?: SettledListener): void {
    const { level, receives = ANYTHING } = this.options;
    const { length } = message;
    const isOver = onSettled !== undefined && length > receives.maxInflatedBytes;
    if (this.#closed || isOver) {
      onSettled?.(false, isOver ? { limit: "maxInflatedBytes", bytes: length } : undefined);
      return;
    }
    const spent = onSettled === undefined ? thriftyLevel(level, length, this.transport) : level;
    const framed = message.at(spent);
    if (framed instanceof Promise) return this.#wait(framed, 0, message, onSettled);
    const excess = onSettled && this.#excess(framed);
    if (excess === undefined) this.#send(framed, message);
    onSettled?.(excess === undefined, excess);
  }

  #excess({ length }: Uint8Array): Excess | undefined {
    const { maxMessageBytes } = this.options.receives ?? ANYTHING;
    return length > maxMessageBytes ? { limit: "maxMessageBytes", bytes: length } : undefined;
  }

  #send(framed: Message, shared: SharedMessage | undefined, rawId = NOT_RAW): void {
    const { length } = framed;
    if (this.#waiting === undefined) {
      this.sentBytes += length;
      this.#hand(framed, shared, rawId);
    } else {
      const bytes = shared === undefined ? framed.slice() : framed;
      this.#push({ bytes, length, shared, rawId });
    }
  }

  /** Pass a message to the transport, and count the bytes it copies. */
  #hand(framed: Message, shared: SharedMessage | undefined, rawId: number): void {
    const { tally } = this.options;
    if (framed.length > MAX_BATCH_BYTES && rawId !== this.#rawId) this.#announce(rawId);
    const holders = shared?.holders;
    this.transport.send(framed, shared);
    if (tally !== undefined && holders === shared?.holders) tally.sentBytes += framed.length;
  }

  /** Tell the peer what larger messages are from now on. */
  #announce(rawId: number): void {
    this.#rawId = rawId;
    announcement[1] = rawId;
    announcement[3] = rawId === NOT_RAW ? 0 : 1;
    const { length } = announcement;
    this.sentBytes += length;
    if (this.options.tally !== undefined) this.options.tally.sentBytes += length;
    this.transport.send(announcement);
  }

  /** Send only the waiting messages. */
  finish(): void {
    this.#closed = true;
  }

  /** Drop the waiting messages and send no more. */
  close(): void {
    this.#closed = true;
    this.#drop(0);
    this.#waiting = undefined;
  }

  /** Drop the waiting messages from one on. */
  #drop(from: number): void {
    for (const { shared } of this.#waiting?.splice(from) ?? []) shared?.release();
  }

  #push(waiting: Waiting): void {
    const { length, shared } = waiting;
    this.sentBytes += length;
    if (shared !== undefined) shared.hold();
    else if (this.options.tally !== undefined) this.options.tally.sentBytes += length;
    (this.#waiting ??= []).push(waiting);
  }

  #wait(
    framed: Promise<Message>,
    length: number,
    shared: SharedMessage | undefined,
    onSettled: SettledListener | undefined,
  ): void {
    const waiting: Waiting = { bytes: undefined, length, shared, rawId: NOT_RAW };
    this.#push(waiting);
    framed.then((bytes) => {
      const excess = onSettled && this.#excess(bytes);
      waiting.bytes = excess === undefined ? bytes : NOTHING;
      this.sentBytes += waiting.bytes.length - waiting.length;
      waiting.length = waiting.bytes.length;
      // Before the rest, so that nothing counts as sent before its answer is.
      const isNeeded = onSettled?.(excess === undefined, excess) === true;
      const at = this.#waiting?.indexOf(waiting) ?? -1;
      if (isNeeded && at >= 0) this.#drop(at + 1);
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
    for (const { bytes, shared, rawId } of waiting) {
      if (bytes === undefined) break;
      if (bytes !== NOTHING) this.#hand(bytes, shared, rawId);
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
