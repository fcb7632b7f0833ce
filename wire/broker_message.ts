/**
 * The messages between nodes through a broker: events of one topic behind one header.
 *
 * | offset | bytes | field                                              |
 * | -----: | ----: | -------------------------------------------------- |
 * |      0 |     2 | `hl`                                               |
 * |      2 |     1 | version: 2                                         |
 * |      3 |     1 | 0                                                  |
 * |      4 |     4 | `u32` fingerprint of the service's events          |
 * |      8 |     8 | `u64` node, at most 2⁵³ - 1                        |
 * |     16 |     8 | `u64` number of the first event, at most 2⁵³ - 1   |
 * |     24 |       | events, in the order they were emitted             |
 *
 * Each event is the `u32` count of its bytes, and the bytes: an archive. All numbers are little-endian.
 * A node numbers its events on a topic from 0, including those it cannot send: a skipped number is a missing
 * event. A message without events announces that events before its number were lost.
 *
 * @module
 */

/** Bytes before the first event. */
export const BROKER_HEADER_BYTES = 24;
/** Bytes before each event. */
export const EVENT_LENGTH_BYTES = 4;

/** Largest copy, in bytes, for which a loop is faster than `set()`. */
const MAX_LOOPED_BYTES = 64;
/** Largest reused buffer, in bytes. */
const MAX_KEPT_BYTES = 1 << 17;
const FIRST_BYTES = 1024;
const MAGIC = 0x0002_6c68;
const TWO_32 = 2 ** 32;
const MAX_HIGH = 0x1f_ffff;

/** The header of a message between nodes. One object serves all messages. */
export class BrokerHeader {
  /** The sender's fingerprint of the events. */
  fingerprint = 0;
  /** The sender's id. */
  node = 0;
  /** The number of its first event among the sender's on the topic. */
  number = 0;
}

/** A growing message, in a reused buffer. */
export class BrokerMessage {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  /** Bytes so far, with the header. */
  length: number = BROKER_HEADER_BYTES;
  /** Events so far. */
  count = 0;

  /** Append the event of `length` bytes at `start` of some bytes. */
  append(bytes: Uint8Array, start: number, length: number): void {
    const at = this.length + EVENT_LENGTH_BYTES;
    if (at + length > this.#bytes.length) this.#grow(at + length);
    const into = this.#bytes;
    setU32(into, this.length, length);
    if (length > MAX_LOOPED_BYTES) into.set(bytes.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) into[at + i] = bytes[start + i]!;
    this.length = at + length;
    this.count++;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  /** Return a copy of the message behind its header, and begin the next one. */
  take(header: BrokerHeader): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    setU32(bytes, 0, MAGIC);
    setU32(bytes, 4, header.fingerprint);
    setU53(bytes, 8, header.node);
    setU53(bytes, 16, header.number);
    const message = bytes.slice(0, this.length);
    this.clear();
    return message;
  }

  /** Drop the events. */
  clear(): void {
    this.length = BROKER_HEADER_BYTES;
    this.count = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = new Uint8Array(FIRST_BYTES);
  }
}

/**
 * Read a message's header. Returns the number of events behind it, or -1 if the message is invalid: without a
 * header, or with incomplete events.
 */
export function readBrokerHeader(message: Uint8Array, into: BrokerHeader): number {
  if (message.length < BROKER_HEADER_BYTES) return -1;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if (view.getUint32(0, true) !== MAGIC) return -1;
  if (view.getUint32(12, true) > MAX_HIGH || view.getUint32(20, true) > MAX_HIGH) return -1;
  let count = 0;
  let at = BROKER_HEADER_BYTES;
  for (; at + EVENT_LENGTH_BYTES <= message.length; count++) {
    at += EVENT_LENGTH_BYTES + view.getUint32(at, true);
  }
  if (at !== message.length) return -1;
  into.fingerprint = view.getUint32(4, true);
  into.node = getU53(view, 8);
  into.number = getU53(view, 16);
  return count;
}

/** The bounds of the events in a valid message. */
export function* eventsOf(message: Uint8Array): Generator<readonly [start: number, end: number]> {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  for (let at = BROKER_HEADER_BYTES; at < message.length;) {
    const start = at + EVENT_LENGTH_BYTES;
    at = start + view.getUint32(at, true);
    yield [start, at];
  }
}

/** A unique id for a node: 53 random bits. */
export function randomNode(): number {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2));
  return (high! & MAX_HIGH) * TWO_32 + low!;
}

function setU53(message: Uint8Array, at: number, value: number): void {
  setU32(message, at, value % TWO_32);
  setU32(message, at + 4, Math.floor(value / TWO_32));
}

/** Without a DataView: creating one costs more than the whole header. */
function setU32(message: Uint8Array, at: number, value: number): void {
  message[at] = value;
  message[at + 1] = value >>> 8;
  message[at + 2] = value >>> 16;
  message[at + 3] = value >>> 24;
}

function getU53(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}
