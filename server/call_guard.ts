/**
 * {@linkcode CallGuards}: what the arguments of calls hold, and how many calls were in vain.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Limits } from "../wire/limits.ts";
import { Seldom } from "../wire/seldom.ts";
import { type Held, Holding } from "./holding.ts";
import { TokenBucket } from "./token_bucket.ts";

/** How many calls of one connection may be decoded in vain before it has to wait. */
export const VAIN_CALLS = { perSecond: 16, burst: 32 } as const;

/** How many failed calls of one connection are told; of those that come faster only the number is. */
export const TOLD_CALLS = { perSecond: 16, burst: 64 } as const;

/** Bytes from which the arguments of a call in flight count: 256 smaller ones have 1 MiB together. */
export const MIN_HELD_BYTES = 4096;

/** Whose calls are guarded. */
export interface Guarded {
  /** How often it may call, if that is limited. */
  readonly rate: TokenBucket | undefined;
  /** What its handlers hold, if any holds much, and how often they are in vain. */
  guard: CallGuard | undefined;
}

/**
 * The guards of one server's connections, and what all of them hold: also those of connections that have
 * ended, since nothing stops a handler.
 */
export class CallGuards implements Held {
  readonly #maxHeldBytes: number;
  readonly #maxTotalHeldBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  /** Create for one server. */
  constructor(limits: Pick<Limits, "maxHeldBytes" | "maxTotalHeldBytes">, clock: Clock) {
    this.#maxHeldBytes = limits.maxHeldBytes;
    this.#maxTotalHeldBytes = limits.maxTotalHeldBytes;
    this.#now = () => clock.now();
  }

  /** The guard of a connection. */
  of(owner: Guarded): CallGuard {
    return owner.guard ??= new CallGuard(this.#maxHeldBytes, this, this.#now);
  }

  /**
   * Bytes of memory, estimated, that the arguments of a call whose archive has so many bytes may take.
   * Below 0 if it is not even to be decoded.
   */
  roomFor({ rate, guard }: Guarded, bytes: number): number {
    if (rate !== undefined && !rate.take()) return -1;
    if (guard === undefined) return this.room - bytes;
    if (!guard.admits) return -1;
    const room = this.room - bytes;
    return room < 0 ? room : Math.max(0, Math.min(room, guard.room - bytes));
  }

  /** A handler has settled, and with it goes what it was given: also when its connection has gone before. */
  release(owner: Guarded, id: number): void {
    const { guard } = owner;
    if (guard === undefined) return;
    guard.release(id);
    if (guard.idle) owner.guard = undefined;
  }

  /** Bytes of memory, estimated, that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory, estimated, that the arguments of one more call may take: small ones always may. */
  get room(): number {
    // One that is larger than all may be is let in by its own limit.
    if (this.#bytes === 0) return Infinity;
    return Math.max(MIN_HELD_BYTES, this.#maxTotalHeldBytes - this.#bytes);
  }

  /** Hold some more. Returns false if they are too many with the others. */
  hold(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxTotalHeldBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** What was held is not any more. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Bounds what a connection can make its server keep and try in vain. Made when a connection first needs
 * one, which a client of small calls never does.
 */
export class CallGuard {
  readonly #held = new Map<number, number>();
  readonly #maxHeldBytes: number;
  readonly #holding: Holding;
  readonly #now: () => number;
  #vain: TokenBucket | undefined;
  #told: TokenBucket | undefined;
  #untold = 0;
  #undecoded: Seldom | undefined;

  /**
   * Create with the limit `maxHeldBytes`, and what the calls of all connections hold. `now` is a monotonic
   * clock in milliseconds.
   */
  constructor(maxHeldBytes: number, all: Held, now: () => number) {
    this.#maxHeldBytes = maxHeldBytes;
    this.#holding = new Holding(all);
    this.#now = now;
  }

  /** Bytes of memory, estimated, of the arguments that are held. */
  get heldBytes(): number {
    return this.#holding.bytes;
  }

  /** Whether there is nothing to remember. */
  get idle(): boolean {
    return this.#held.size === 0 && (this.#vain ?? this.#told) === undefined;
  }

  /** Whether another call may be decoded. */
  get admits(): boolean {
    return this.heldBytes < this.#maxHeldBytes && this.#vain?.empty !== true;
  }

  /** Bytes of memory, estimated, that the arguments of one more call may take. */
  get room(): number {
    // One that is larger than all may be is let in by its own limit.
    const { heldBytes } = this;
    return heldBytes === 0 ? Infinity : this.#maxHeldBytes - heldBytes;
  }

  /** A call was decoded in vain. */
  onVain(): void {
    this.#vain ??= new TokenBucket(VAIN_CALLS, this.#now);
    this.#vain.take();
  }

  /**
   * A call could not be decoded, which its peer can make happen as often as it likes.
   *
   * @returns How many before it were not told; `undefined` if this one is not either.
   */
  onUndecoded(): number | undefined {
    this.onVain();
    return (this.#undecoded ??= new Seldom()).add(this.#now());
  }

  /**
   * A call failed in a way that is to be told.
   *
   * @returns How many before it were not; `undefined` if this one is not either.
   */
  onFailed(): number | undefined {
    this.#told ??= new TokenBucket(TOLD_CALLS, this.#now);
    const untold = this.#untold;
    const told = this.#told.take();
    this.#untold = told ? 0 : untold + 1;
    return told ? untold : undefined;
  }

  /**
   * Hold a call's arguments until its handler settles, or more of one that streams. Returns false if they are
   * too many with the others.
   */
  hold(id: number, bytes: number): boolean {
    // One that is larger than all may be was let in by its own limit.
    const { heldBytes } = this;
    if (heldBytes > 0 && heldBytes + bytes > this.#maxHeldBytes) return false;
    if (!this.#holding.hold(bytes)) return false;
    this.#held.set(id, bytes + (this.#held.get(id) ?? 0));
    return true;
  }

  /** A call that streams has been read so many bytes of. */
  letGo(id: number, bytes: number): void {
    const left = this.#held.get(id)! - bytes;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
    this.#holding.letGo(bytes);
  }

  /** A call's handler has settled. */
  release(id: number): void {
    const bytes = this.#held.get(id);
    if (bytes === undefined) return;
    this.#held.delete(id);
    this.#holding.letGo(bytes);
  }

  /** The connection has ended. Its handlers run on, but for those that can settle no more. */
  leave(): void {
    if (this.heldBytes > 0) this.#holding.endWith(this);
  }
}
