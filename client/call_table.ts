/**
 * {@linkcode CallTable}: the pending call of each id.
 *
 * @module
 */
import { MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";

const ID_MASK = MAX_CALLS_IN_FLIGHT - 1;

/**
 * The pending call of each id of one connection.
 *
 * An abandoned call keeps its id until the late reply arrives: a new call with that id would get the wrong reply.
 * The id that has been free longest is taken first, so that a duplicate reply finds an unused id.
 *
 * Rust: `client.rs`, `active_rpc_calls`, which takes the lowest free id.
 *
 * @typeParam C The type of a pending call.
 */
export class CallTable<C> {
  /** By id: the pending call, or `null` if abandoned. */
  readonly #calls: (C | null | undefined)[] = [];
  /** A ring buffer of free ids. */
  readonly #free: Uint8Array = Uint8Array.from({ length: MAX_CALLS_IN_FLIGHT }, (_, id) => id);
  #firstFree = 0;
  #freeCount = MAX_CALLS_IN_FLIGHT;
  #abandoned = 0;

  /** Ids in use, including abandoned ones. */
  get inFlight(): number {
    return MAX_CALLS_IN_FLIGHT - this.#freeCount;
  }

  /** Abandoned ids, whose reply is still missing. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** Which ids are in use, in words. */
  get taken(): string {
    const given = `, ${this.#abandoned} of them given up, whose handlers have not settled`;
    return `${this.inFlight} are in flight${this.#abandoned > 0 ? given : ""}`;
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
   * Release the id of a reply.
   *
   * @returns The pending call; `null` if abandoned, `undefined` if the id was not in use.
   */
  settle(id: number): C | null | undefined {
    const call = this.#calls[id];
    if (call === undefined) return call;
    if (call === null) this.#abandoned--;
    this.#calls[id] = undefined;
    this.#free[(this.#firstFree + this.#freeCount++) & ID_MASK] = id;
    return call;
  }

  /** Abandon a call after its deadline or a cancel. The id stays in use. */
  abandon(id: number): void {
    if (this.#calls[id] == null) return;
    this.#calls[id] = null;
    this.#abandoned++;
  }

  /** Whether a call is pending on that id. */
  holds(id: number, call: C): boolean {
    return this.#calls[id] === call;
  }

  /** The pending calls, ordered by id. */
  waiting(): C[] {
    return this.#calls.filter((call) => call != null) as C[];
  }
}
