/**
 * {@linkcode ConnectionStreams}: backpressure for the streams of one connection.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { type Gate, openGate } from "../stream/gate.ts";
import { type ItemTurns, itemTurns } from "../stream/item_turns.ts";
import { type Clock, timersOf } from "../wire/clock.ts";
import type { Sender } from "../wire/sender.ts";
import type { ServerParts } from "./server_parts.ts";

/** What streams need of their server. */
export type StreamsHost = Pick<ServerParts, "clock" | "limits" | "loop">;

/** Backpressure for streams. Created with the first stream, removed with the last. */
export class ConnectionStreams {
  /** Streaming calls in flight. */
  open = 0;
  /** Where their sources wait. */
  readonly gate: Gate;
  /** Bounds how long their sources and readers hold the event loop. */
  readonly turns: ItemTurns;
  readonly #sender: Sender;
  readonly #clock: Clock;
  /** Sent bytes after the last message of a stream; -1 before the first. */
  #streamedBytes = -1;
  #busyAt = -Infinity;

  /** Create for one connection. */
  constructor(sender: Sender, { clock, limits, loop }: StreamsHost) {
    this.#sender = sender;
    this.#clock = clock;
    const { after, now } = timersOf(clock);
    this.turns = itemTurns(now, loop?.afterInput);
    this.gate = openGate(sender, limits.maxBufferedBytes, after, this.turns);
  }

  /** Milliseconds since others were sent, such as answers and events: seen from the bytes, which costs them nothing. */
  get quietMs(): number {
    this.look();
    return this.#clock.now() - this.#busyAt;
  }

  /** Find out, before a message of a stream is sent, if others were. */
  look(): void {
    const { sentBytes } = this.#sender;
    if (this.#streamedBytes < 0 || sentBytes === this.#streamedBytes) return;
    this.#streamedBytes = sentBytes;
    this.#busyAt = this.#clock.now();
  }

  /** A writer for a stream's message. */
  begin(): Writer {
    this.look();
    return this.#sender.begin();
  }

  /** It was sent. */
  sent(): void {
    this.#streamedBytes = this.#sender.sentBytes;
  }
}
