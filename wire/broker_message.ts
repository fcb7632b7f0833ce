/**
 * What nodes send one another through a broker: an event with a header.
 *
 * | offset | bytes | field                                              |
 * | -----: | ----: | -------------------------------------------------- |
 * |      0 |     2 | `hl`                                               |
 * |      2 |     1 | version: 1                                         |
 * |      3 |     1 | 0                                                  |
 * |      4 |     4 | `u32` fingerprint of the service's events          |
 * |      8 |     8 | `u64` node, at most 2⁵³ - 1                        |
 * |     16 |     8 | `u64` number of the message, at most 2⁵³ - 1       |
 * |     24 |       | the archived event                                 |
 *
 * All numbers are little-endian. A node's numbers rise; they leave gaps on each topic.
 *
 * @module
 */

/** Bytes before the event. */
export const BROKER_HEADER_BYTES = 24;

const MAGIC = 0x0001_6c68;
const TWO_32 = 2 ** 32;
const MAX_HIGH = 0x1f_ffff;

/** The header of a message between nodes. One object serves all messages. */
export class BrokerHeader {
  /** Which events its sender knows. */
  fingerprint = 0;
  /** Who sent it. */
  node = 0;
  /** Its number among the sender's. */
  sequence = 0;
}

/** Write a header in front of a message that has room for it. */
export function writeBrokerHeader(message: Uint8Array, header: BrokerHeader): void {
  setU32(message, 0, MAGIC);
  setU32(message, 4, header.fingerprint);
  setU53(message, 8, header.node);
  setU53(message, 16, header.sequence);
}

/** Read a message's header. Returns false, and reads nothing, if it has none. */
export function readBrokerHeader(message: Uint8Array, into: BrokerHeader): boolean {
  if (message.length < BROKER_HEADER_BYTES) return false;
  const view = new DataView(message.buffer, message.byteOffset, BROKER_HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) return false;
  if (view.getUint32(12, true) > MAX_HIGH || view.getUint32(20, true) > MAX_HIGH) return false;
  into.fingerprint = view.getUint32(4, true);
  into.node = getU53(view, 8);
  into.sequence = getU53(view, 16);
  return true;
}

/** An id for a node that no other has: 53 random bits. */
export function randomNode(): number {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2));
  return (high! & MAX_HIGH) * TWO_32 + low!;
}

function setU53(message: Uint8Array, at: number, value: number): void {
  setU32(message, at, value % TWO_32);
  setU32(message, at + 4, Math.floor(value / TWO_32));
}

/** Without a DataView, whose creation costs more than the whole header. */
function setU32(message: Uint8Array, at: number, value: number): void {
  message[at] = value;
  message[at + 1] = value >>> 8;
  message[at + 2] = value >>> 16;
  message[at + 3] = value >>> 24;
}

function getU53(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}
