/**
 * {@linkcode Connections}: all connections of a server until their sockets have ended; {@linkcode untilQuiet}: waits until everything
 * they have sent was received.
 *
 * @module
 */
import type { Limits } from "../wire/limits.ts";
import type { Connection } from "./connection.ts";

/** A set of items that store their index: a `Set` would take 70 bytes each. */
export class ConnectionList<T extends Pick<Connection, "slot">> {
  readonly #items: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** Add an item that is in no list. */
  add(item: T): void {
    item.slot = this.#items.push(item) - 1;
  }

  /** Remove an item, if present. */
  delete(item: T): void {
    if (item.slot === -1) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.slot] = last;
      last.slot = item.slot;
    }
    item.slot = -1;
  }

  /** All items, in no particular order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }
}

/** Open connections, and ended ones whose sockets are still open. */
export class Connections {
  readonly #limits: Limits;
  /** Open connections. */
  readonly open: ConnectionList<Connection> = new ConnectionList();
  readonly #lingering: ConnectionList<Connection> = new ConnectionList();
  /** Ended connections whose sockets wait for their peers. */
  readonly #stuck = new Set<Connection>();
  /** Called when none is open any more. */
  onEmpty: (() => void) | undefined;

  /** Create with none. */
  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** How many there are. */
  get size(): number {
    return this.open.size + this.#lingering.size + this.#stuck.size;
  }

  /** Whether no other may be opened. */
  get full(): boolean {
    const { maxConnections, maxStuckConnections } = this.#limits;
    const stuck = this.#stuck.size;
    return this.size - stuck >= maxConnections || stuck >= maxStuckConnections;
  }

  /** A connection has ended. */
  end(connection: Connection): void {
    this.open.delete(connection);
    const { lingers } = connection.sender.transport;
    if (lingers === "closing") this.#lingering.add(connection);
    else if (lingers === "stuck") this.#stuck.add(connection);
    if (this.open.size === 0) this.onEmpty?.();
  }

  /** The socket of a lingering connection has ended. */
  gone(connection: Connection): void {
    if (!this.#stuck.delete(connection)) this.#lingering.delete(connection);
  }

  /** All items, in no particular order. */
  *[Symbol.iterator](): IterableIterator<Connection> {
    yield* this.open;
    yield* this.#lingering;
    yield* this.#stuck;
  }
}

/** The runtime's event loop, shared by all connections. */
export interface EventLoop {
  /** Run a step after the runtime has polled for input. */
  afterInput(run: () => void): void;
  /** A message decoded to so many estimated bytes of memory, which took time. */
  onDecoded(bytes: number): void;
  /** A message of so many bytes is written, which takes time, as does deflating it. */
  onEncoded(bytes: number): void;
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
