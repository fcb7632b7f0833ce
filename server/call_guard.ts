/**
 * {@linkcode CallGuards}: bounds the memory of calls' arguments and the rate of failed calls.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Limits } from "../wire/limits.ts";
import { type CallRate, TokenBucket } from "./token_bucket.ts";

/** Most calls of one connection that may fail to decode before it must wait. */
export const VAIN_CALLS = { perSecond: 16, burst: 32 } as const;

/** Failed calls of one method on one connection that are reported; of faster ones only the count is. */
export const TOLD_CALLS = { perSecond: 16, burst: 64 } as const;

/** Smallest arguments, in bytes, that count: 256 smaller calls have 1 MiB together. */
export const MIN_HELD_BYTES = 4096;

/**
 * The guards of one server's connections and their total memory, including ended connections: nothing stops a
 * handler.
 */
export class CallGuards {
  readonly #maxHeldBytes: number;
  readonly #maxTotalHeldBytes: number;
  readonly #now: () => number;
  readonly #rate: CallRate | undefined;
  #bytes = 0;

  /** Create for one server, with the rate limit of each connection, if any. */
  constructor(
    limits: Pick<Limits, "maxHeldBytes" | "maxTotalHeldBytes">,
    clock: Clock,
    rate?: CallRate,
  ) {
    this.#rate = rate;
    this.#maxHeldBytes = limits.maxHeldBytes;
    this.#maxTotalHeldBytes = limits.maxTotalHeldBytes;
    this.#now = () => clock.now();
  }

  /** Whether each connection needs a guard: it bounds the rate of its calls. */
  get forAll(): boolean {
    return this.#rate !== undefined;
  }

  /** A guard for one connection. */
  open(): CallGuard {
    return new CallGuard(this.#maxHeldBytes, this, this.#now, this.#rate);
  }

  /**
   * Estimated bytes of memory allowed for the arguments of a call whose archive has so many bytes. Below 0 if the
   * call must not be decoded at all.
   *
   * @param guard Its connection's, if it has one.
   */
  roomFor(guard: CallGuard | undefined, bytes: number): number {
    if (guard === undefined) return this.room - bytes;
    if (!guard.admits()) return -1;
    const room = this.room - bytes;
    return room < 0 ? room : Math.max(0, Math.min(room, guard.room - bytes));
  }

  /** Estimated bytes of memory held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Estimated bytes of memory allowed for one more call's arguments: small ones are always allowed. */
  get room(): number {
    // A call larger than the total is allowed by its own limit.
    if (this.#bytes === 0) return Infinity;
    return Math.max(MIN_HELD_BYTES, this.#maxTotalHeldBytes - this.#bytes);
  }

  /** Hold more bytes. Returns false if the total would exceed the limit. */
  hold(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxTotalHeldBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Release bytes. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Bytes held by the calls of one connection, and those of all connections, which include them. */
interface Holding {
  readonly all: CallGuards;
  bytes: number;
}

/**
 * Releases the memory of handlers that can never settle, because their promise was garbage-collected: everything that
 * could release it refers to their guard.
 */
const forgotten = new FinalizationRegistry<Holding>(({ all, bytes }) => all.letGo(bytes));

/**
 * Bounds the rate, the memory and the failing work that a connection can cause. Created on first need: without a
 * rate limit, clients of small calls never need one.
 */
export class CallGuard {
  readonly #held = new Map<number, number>();
  readonly #maxHeldBytes: number;
  readonly #holding: Holding;
  readonly #now: () => number;
  readonly #rate: TokenBucket | undefined;
  #vain: TokenBucket | undefined;
  /** By method. */
  #told: Map<number, TokenBucket> | undefined;

  /**
   * Create with the limit `maxHeldBytes` and the total of all connections. `now` is a monotonic clock in
   * milliseconds.
   */
  constructor(maxHeldBytes: number, all: CallGuards, now: () => number, rate?: CallRate) {
    this.#rate = rate && new TokenBucket(rate, now);
    this.#maxHeldBytes = maxHeldBytes;
    this.#holding = { all, bytes: 0 };
    this.#now = now;
  }

  /** Estimated bytes of memory of held arguments. */
  get heldBytes(): number {
    return this.#holding.bytes;
  }

  /** Whether the guard can be dropped. */
  get idle(): boolean {
    return this.#held.size === 0 && (this.#rate ?? this.#vain ?? this.#told) === undefined;
  }

  /** Whether another call may be decoded. Counts towards the rate. */
  admits(): boolean {
    if (this.#rate?.take() === false) return false;
    return this.heldBytes < this.#maxHeldBytes && this.#vain?.empty !== true;
  }

  /** Estimated bytes of memory allowed for one more call's arguments. */
  get room(): number {
    // A call larger than the total is allowed by its own limit.
    const { heldBytes } = this;
    return heldBytes === 0 ? Infinity : this.#maxHeldBytes - heldBytes;
  }

  /** A call failed to decode. */
  onVain(): void {
    this.#vain ??= new TokenBucket(VAIN_CALLS, this.#now);
    this.#vain.take();
  }

  /** Whether a failed call of a method may be reported, and not only counted. */
  mayTell(method: number): boolean {
    this.#told ??= new Map();
    let told = this.#told.get(method);
    if (told === undefined) this.#told.set(method, told = new TokenBucket(TOLD_CALLS, this.#now));
    return told.take();
  }

  /**
   * Hold a call's arguments until its handler settles, or further items of a stream. Returns false if the total
   * would exceed the limit.
   */
  hold(id: number, bytes: number): boolean {
    // A call larger than the total was allowed by its own limit.
    const { heldBytes } = this;
    if (heldBytes > 0 && heldBytes + bytes > this.#maxHeldBytes) return false;
    if (!this.#holding.all.hold(bytes)) return false;
    this.#holding.bytes += bytes;
    this.#held.set(id, bytes + (this.#held.get(id) ?? 0));
    return true;
  }

  /** The reader of a stream has consumed so many bytes. */
  letGo(id: number, bytes: number): void {
    const left = this.#held.get(id)! - bytes;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
    this.#letGo(bytes);
  }

  /** A call's handler has settled. */
  release(id: number): void {
    const bytes = this.#held.get(id);
    if (bytes === undefined) return;
    this.#held.delete(id);
    this.#letGo(bytes);
  }

  #letGo(bytes: number): void {
    this.#holding.bytes -= bytes;
    this.#holding.all.letGo(bytes);
  }

  /** The connection has ended. Its handlers keep running, except those that can never settle. */
  leave(): void {
    if (this.heldBytes > 0) forgotten.register(this, this.#holding);
  }
}
