/**
 * {@linkcode Gatherer}: the small messages of one turn as one batch.
 *
 * @module
 */
import { MAX_BATCH_BYTES, turns } from "../wire/batch.ts";
import { giveBuffer, takeBuffer } from "./websocket/buffers.ts";

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** Messages of up to this many bytes are copied one byte at a time: a call costs more. */
const MAX_LOOPED_BYTES = 64;
/** How many times as much as there is is made room for. */
const GROWTH = 4;

/** The bytes sent last, by whichever socket, and the whole buffer that they are of: making a view takes time. */
let view = NOTHING;
let viewOf = NOTHING;

/** A socket whose messages are gathered. */
export interface Gathering {
  /** Its gatherer, during a turn in which it sends. */
  gatherer: Gatherer | undefined;
  /** Send one message. Its bytes may change when this returns. */
  sendWhole(message: Uint8Array<ArrayBuffer>): void;
}

/** Gatherers without a socket, because most sockets are idle. */
const spare: Gatherer[] = [];
const MAX_SPARE = 256;

/**
 * Gathers the messages of one turn of the event loop, for a peer that accepts batches. A large message is sent
 * separately, after those before it.
 */
export class Gatherer {
  #socket: Gathering | undefined;
  /** What was gathered, in one piece. */
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  /** Count of all gathered messages. */
  #sent = 0;
  /** Bytes gathered for the end of the turn. */
  bytes = 0;
  readonly #count = (): number => this.#sent;
  readonly #endTurn = (): void => this.#end();

  /** The gatherer of a socket, for this turn. */
  static of(socket: Gathering): Gatherer {
    const { gatherer } = socket;
    if (gatherer !== undefined) return gatherer;
    const taken = socket.gatherer = spare.pop() ?? new Gatherer();
    taken.#socket = socket;
    turns.atEnd(taken.#count, taken.#endTurn);
    return taken;
  }

  /** Send one message, now or at the end of the turn. Waiting bytes are copied. */
  send(message: Uint8Array<ArrayBuffer>): void {
    const { length } = message;
    if (this.bytes + length > MAX_BATCH_BYTES) this.flush();
    if (length > MAX_BATCH_BYTES) return this.#socket?.sendWhole(message);
    this.#sent++;
    if (this.bytes + length > this.#buffer.length) this.#grow(length);
    const buffer = this.#buffer;
    const at = this.bytes;
    this.bytes = at + length;
    if (length > MAX_LOOPED_BYTES) return buffer.set(message, at);
    for (let i = 0; i < length; i++) buffer[at + i] = message[i]!;
  }

  #grow(length: number): void {
    const old = this.#buffer;
    this.#buffer = takeBuffer(Math.max(this.bytes + length, GROWTH * old.length));
    if (old === NOTHING) return;
    this.#buffer.set(old.subarray(0, this.bytes));
    giveBuffer(old);
  }

  #end(): void {
    if (this.#socket !== undefined) this.#socket.gatherer = undefined;
    this.flush();
    this.#socket = undefined;
    if (spare.length < MAX_SPARE) spare.push(this);
  }

  /** Send the gathered messages. */
  flush(): void {
    const { bytes } = this;
    if (bytes === 0) return;
    const buffer = this.#buffer;
    this.#buffer = NOTHING;
    this.bytes = 0;
    // One small message after another is the same view again.
    if (viewOf !== buffer || view.length !== bytes) view = (viewOf = buffer).subarray(0, bytes);
    this.#socket?.sendWhole(view);
    giveBuffer(buffer);
  }

  /** Drop the gathered messages. */
  drop(): void {
    giveBuffer(this.#buffer);
    this.#buffer = NOTHING;
    this.bytes = 0;
  }
}

/** Join messages of so many bytes. */
function joined(
  messages: readonly Uint8Array<ArrayBuffer>[],
  bytes: number,
): Uint8Array<ArrayBuffer> {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const message of messages) {
    whole.set(message, at);
    at += message.length;
  }
  return whole;
}

/** Join messages, in order, into as few batches as possible. */
export function inBatches(messages: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  const batches: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { length }] of messages.entries()) {
    if (i > from && bytes + length > MAX_BATCH_BYTES) {
      batches.push(joined(messages.slice(from, i), bytes));
      from = i;
      bytes = 0;
    }
    bytes += length;
  }
  batches.push(joined(messages.slice(from), bytes));
  return batches;
}
