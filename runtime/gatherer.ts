/**
 * {@linkcode Gatherer}: the small messages of one turn as one batch.
 *
 * @module
 */
import { MAX_BATCH_BYTES } from "../wire/layout.ts";
import { turns } from "../wire/turn_end.ts";
import { giveBuffer, takeBuffer } from "./websocket/buffers.ts";

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** How many times as much as there is is made room for. */
const GROWTH = 4;

/** Sends one message. Its bytes may change when this returns. */
export type SendWhole = (message: Uint8Array<ArrayBuffer>) => void;

/**
 * Gathers the messages of one turn of the event loop, for a peer that accepts batches. A large message is sent
 * separately, after those before it.
 */
export class Gatherer {
  readonly #send: SendWhole;
  /** What was gathered, in one piece. */
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  /** Count of all gathered messages. */
  #sent = 0;
  #isScheduled = false;
  /** Bytes gathered for the end of the turn. */
  bytes = 0;

  /** Create for one socket. */
  constructor(send: SendWhole) {
    this.#send = send;
  }

  /** Send one message, now or at the end of the turn. Waiting bytes are copied. */
  send(message: Uint8Array<ArrayBuffer>): void {
    const { length } = message;
    if (this.bytes + length > MAX_BATCH_BYTES) this.flush();
    if (length > MAX_BATCH_BYTES) return this.#send(message);
    this.#sent++;
    if (!this.#isScheduled) this.#schedule();
    if (this.bytes + length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(message, this.bytes);
    this.bytes += length;
  }

  #grow(length: number): void {
    const old = this.#buffer;
    this.#buffer = takeBuffer(Math.max(this.bytes + length, GROWTH * old.length));
    this.#buffer.set(old.subarray(0, this.bytes));
    giveBuffer(old);
  }

  #schedule(): void {
    this.#isScheduled = true;
    turns.atEnd(() => this.#sent, () => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Send the gathered messages. */
  flush(): void {
    const { bytes } = this;
    if (bytes === 0) return;
    const buffer = this.#buffer;
    this.#buffer = NOTHING;
    this.bytes = 0;
    this.#send(buffer.subarray(0, bytes));
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
