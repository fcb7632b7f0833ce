/**
 * {@linkcode CallTable}: who is waiting on each call id.
 *
 * @module
 */
import { MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";

const ID_MASK = MAX_CALLS_IN_FLIGHT - 1;

/**
 * Who is waiting on each call id of one connection.
 *
 * An abandoned call keeps its id until the late reply arrives: given to a new call earlier, that
 * reply would answer the wrong question. Ids are taken in the order they became free, the one that
 * has been free for longest first, so that a second reply to one call finds an id nobody holds.
 *
 * Rust: `client.rs`, `active_rpc_calls`, which takes the lowest free id.
 *
 * @typeParam C What stands for a call.
 */
export class CallTable<C> {
  /** By id: who waits, or `null` if the caller has gone. */
  readonly #calls: (C | null | undefined)[] = new Array(MAX_CALLS_IN_FLIGHT).fill(undefined);
  /** A ring of the free ids. */
  readonly #free: Uint8Array = Uint8Array.from(this.#calls, (_, id) => id);
  #firstFree = 0;
  #freeCount = MAX_CALLS_IN_FLIGHT;
  #abandoned = 0;

  /** Ids that are taken, abandoned ones included. */
  get inFlight(): number {
    return MAX_CALLS_IN_FLIGHT - this.#freeCount;
  }

  /** Ids whose caller has gone and whose reply has not come. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** Take an id; -1 if none is free. */
  open(call: C): number {
    if (this.#freeCount === 0) return -1;
    const id = this.#free[this.#firstFree] as number;
    this.#firstFree = (this.#firstFree + 1) & ID_MASK;
    this.#freeCount--;
    this.#calls[id] = call;
    return id;
  }

  /**
   * A reply came: free the id.
   *
   * @returns Who waits; `null` if the caller has gone, `undefined` if the id was not taken.
   */
  settle(id: number): C | null | undefined {
    const call = this.#calls[id];
    if (call === undefined) return call;
    if (call === null) this.#abandoned--;
    this.#calls[id] = undefined;
    this.#free[(this.#firstFree + this.#freeCount++) & ID_MASK] = id;
    return call;
  }

  /** Stop waiting, for a deadline or a cancellation. The id stays taken. */
  abandon(id: number): void {
    if (this.#calls[id] == null) return;
    this.#calls[id] = null;
    this.#abandoned++;
  }

  /** Whether a call waits on that id. */
  holds(id: number, call: C): boolean {
    return this.#calls[id] === call;
  }

  /** Those who wait, in the order of their ids. */
  waiting(): C[] {
    return this.#calls.filter((call) => call != null) as C[];
  }
}
