/**
 * {@linkcode Connections}: all of a server, until their sockets are gone; {@linkcode untilQuiet}: until what
 * they have sent has been received.
 *
 * @module
 */
import type { Limits } from "../wire/limits.ts";
import type { Transport } from "../wire/transport.ts";

/** Something that knows its place in a list. */
export interface Listed {
  /** Its place; -1 if it is in none. */
  slot: number;
}

/** A set of what knows its place: a `Set` would take 70 bytes for each. */
export class ConnectionList<T extends Listed> {
  readonly #items: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** Add one that is in no list. */
  add(item: T): void {
    item.slot = this.#items.push(item) - 1;
  }

  /** Take one out, if it is in. */
  delete(item: T): void {
    if (item.slot === -1) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.slot] = last;
      last.slot = item.slot;
    }
    item.slot = -1;
  }

  /** All of them, in no order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }
}

/** A connection, as far as it is counted. */
export interface Counted extends Listed {
  /** What it is sent over. */
  readonly transport: Pick<Transport, "lingers">;
}

/** How many there may be. */
export type ConnectionBounds = Pick<Limits, "maxConnections" | "maxStuckConnections">;

/** Connections that are open, and those that have ended while their sockets have not. */
export class Connections<T extends Counted> {
  readonly #bounds: ConnectionBounds;
  /** Those that have not ended. */
  readonly open: ConnectionList<T> = new ConnectionList();
  readonly #lingering: ConnectionList<T> = new ConnectionList();
  /** Those whose sockets end when their peers like. */
  readonly #stuck = new Set<T>();
  /** Is called when none is open any more. */
  onEmpty: (() => void) | undefined;

  /** Create with none. */
  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
  }

  /** How many there are. */
  get size(): number {
    return this.open.size + this.#lingering.size + this.#stuck.size;
  }

  /** Whether no other may be opened. */
  get full(): boolean {
    const { maxConnections, maxStuckConnections } = this.#bounds;
    const stuck = this.#stuck.size;
    return this.size - stuck >= maxConnections || stuck >= maxStuckConnections;
  }

  /** One has ended. */
  end(connection: T): void {
    this.open.delete(connection);
    const { lingers } = connection.transport;
    if (lingers === "closing") this.#lingering.add(connection);
    else if (lingers === "stuck") this.#stuck.add(connection);
    if (this.open.size === 0) this.onEmpty?.();
  }

  /** The socket of one that lingered has ended. */
  gone(connection: T): void {
    if (!this.#stuck.delete(connection)) this.#lingering.delete(connection);
  }

  /** All of them, in no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.open;
    yield* this.#lingering;
    yield* this.#stuck;
  }
}

/** The runtime's event loop, which all connections share. */
export interface EventLoop {
  /** Run a step when the runtime has looked for input. */
  afterInput(run: () => void): void;
  /** What came has become so many bytes of memory, estimated, which took its time. */
  onDecoded(bytes: number): void;
}

/** Times that input is looked for: a server that is called all the time waits no longer. */
const MAX_LOOKS = 16;

/**
 * Wait until the runtime has looked for input and there was none: a message that has come may still lie in
 * the runtime, or wait for its turn.
 *
 * @param received How many messages were received, ever.
 */
export async function untilQuiet(loop: EventLoop, received: () => number): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const before = received();
    await new Promise<void>((resolve) => loop.afterInput(resolve));
    if (received() === before) return;
  }
}
