/**
 * {@linkcode Connections}: all connections of a server until their sockets have ended; {@linkcode untilQuiet}: waits
 * until everything they have sent was received.
 *
 * @module
 */
import type { Limits } from "../wire/limits.ts";
import type { Sender } from "../wire/sender.ts";
import type { OpenCalls } from "./open_calls.ts";
import type { EventLoop } from "./server_parts.ts";
import { Gauges, type ServerCounters } from "./stats.ts";

/** A connection, as its server keeps it. */
export interface Kept {
  /** Its place, from {@linkcode Connections.add}. */
  readonly slot: number;
  /** Sends its messages. */
  readonly sender: Sender;
  /** Whether it is ending. */
  readonly closing: boolean;
  /** Whether so many bytes were sent since this was last true. */
  hasSent(bytes: number): boolean;
  /** The peer doesn't read: close the connection, or cut it if it is closing already. */
  onStuck(): void;
  /** Its calls in flight, if there are any. */
  readonly calls: Pick<OpenCalls, "size" | "openStreams"> | undefined;
  /** Its parts that most never need. */
  readonly rare: { readonly clientCalls: { readonly size: number } | undefined } | undefined;
  /** Its topics. */
  readonly subscriptions: { readonly size: number };
  /** Close as soon as no call is in flight and every answer was sent. */
  drain(code: number, reason: string): void;
  /** Close. */
  close(code: number, reason: string): void;
}

/** Open connections, and ended ones whose sockets are still open. */
export class Connections {
  readonly #limits: Limits;
  readonly #counters: ServerCounters;
  /** By their slots: a `Set` would take 70 bytes each. */
  readonly #slots: (Kept | undefined)[] = [];
  readonly #free: number[] = [];
  #open = 0;
  /** Ended connections whose sockets wait for their peers. */
  readonly #stuck = new Set<Kept>();
  #onEmpty: (() => void) | undefined;

  /** Create with none. */
  constructor(limits: Limits, counters: ServerCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** How many there are. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Whether no other may be opened. */
  get full(): boolean {
    const { maxConnections, maxStuckConnections } = this.#limits;
    const stuck = this.#stuck.size;
    return this.size - stuck >= maxConnections || stuck >= maxStuckConnections;
  }

  /** A connection opens. Returns its slot. */
  add(connection: Kept): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = connection;
    this.#open++;
    return slot;
  }

  /** A connection has ended. */
  end(connection: Kept): void {
    const { lingers } = connection.sender.transport;
    if (lingers === undefined) this.#remove(connection);
    else if (lingers === "stuck") this.#stuck.add(connection);
    if (--this.#open === 0) this.#onEmpty?.();
  }

  /** The socket of a lingering connection has ended. */
  gone(connection: Kept): void {
    this.#stuck.delete(connection);
    this.#remove(connection);
  }

  #remove(connection: Kept): void {
    const { slot, sender } = connection;
    if (this.#slots[slot] !== connection) return;
    this.#counters.bytesSent += sender.sentBytes;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  /** All of them, in no particular order. */
  *[Symbol.iterator](): IterableIterator<Kept> {
    for (const connection of this.#slots) if (connection !== undefined) yield connection;
  }

  /** Close each as soon as no call of it is in flight and every answer was sent. */
  drain(code: number, reason: string): void {
    for (const connection of [...this]) connection.drain(code, reason);
  }

  /** Close all. */
  close(code: number, reason: string): void {
    for (const connection of [...this]) connection.close(code, reason);
  }

  /** Resolves when none is open. */
  async empty(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#onEmpty = resolve);
  }

  /** The gauges of all. */
  gauges(): Gauges {
    const gauges = new Gauges();
    gauges.connections = this.size;
    for (const { calls, rare, sender, subscriptions } of this) {
      gauges.bufferedBytes += sender.bufferedBytes;
      gauges.callsInFlight += calls?.size ?? 0;
      gauges.streamsOpen += calls?.openStreams ?? 0;
      gauges.clientCallsInFlight += rare?.clientCalls?.size ?? 0;
      gauges.subscriptions += subscriptions.size;
      gauges.bytesSent += sender.sentBytes;
    }
    return gauges;
  }
}

/** Most polls for input: a server that is constantly called waits no longer. */
const MAX_LOOKS = 16;

/**
 * Wait until the runtime has polled and found no input: received messages may still be in the runtime, or wait
 * for their turn.
 *
 * @param received The number of messages received so far.
 */
export async function untilQuiet(loop: EventLoop, received: () => number): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const before = received();
    await new Promise<void>((resolve) => loop.afterInput(resolve));
    if (received() === before) return;
  }
}
