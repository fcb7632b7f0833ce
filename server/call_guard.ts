/**
 * {@linkcode CallGuard}: what the calls of one connection hold, and how many were decoded in vain.
 *
 * @module
 */
import { Seldom } from "../wire/seldom.ts";
import type { HeldBytes } from "./held_bytes.ts";
import { TokenBucket } from "./token_bucket.ts";

/** How many calls of one connection may be decoded in vain before it has to wait. */
export const VAIN_CALLS = { perSecond: 16, burst: 32 } as const;

/** How many failed calls of one connection are told; of those that come faster only the number is. */
export const TOLD_CALLS = { perSecond: 16, burst: 64 } as const;

/**
 * Bounds what a connection can make its server keep and try in vain. Made when a connection first needs
 * one, which a client of small calls never does.
 */
export class CallGuard {
  readonly #held = new Map<number, number>();
  readonly #maxHeldBytes: number;
  readonly #all: HeldBytes;
  readonly #now: () => number;
  #heldBytes = 0;
  #vain: TokenBucket | undefined;
  #told: TokenBucket | undefined;
  #untold = 0;
  #undecoded: Seldom | undefined;

  /**
   * Create with the limit `maxHeldBytes`, and what the calls of all connections hold. `now` is a monotonic
   * clock in milliseconds.
   */
  constructor(maxHeldBytes: number, all: HeldBytes, now: () => number) {
    this.#maxHeldBytes = maxHeldBytes;
    this.#all = all;
    this.#now = now;
  }

  /** Bytes of memory, estimated, of the arguments that are held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether there is nothing to remember. */
  get idle(): boolean {
    return this.#held.size === 0 && (this.#vain ?? this.#told) === undefined;
  }

  /** Whether another call may be decoded. */
  get admits(): boolean {
    return this.#heldBytes < this.#maxHeldBytes && this.#vain?.empty !== true;
  }

  /** Bytes of memory, estimated, that the arguments of one more call may take. */
  get room(): number {
    // One that is larger than all may be is let in by its own limit.
    return this.#heldBytes === 0 ? Infinity : this.#maxHeldBytes - this.#heldBytes;
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

  /** Hold a call's arguments until its handler settles. Returns false if they are too many with the others. */
  hold(id: number, bytes: number): boolean {
    // One that is larger than all may be was let in by its own limit.
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#maxHeldBytes) return false;
    if (!this.#all.hold(bytes)) return false;
    this.#held.set(id, bytes);
    this.#heldBytes += bytes;
    return true;
  }

  /** A call's handler has settled. */
  release(id: number): void {
    const bytes = this.#held.get(id);
    if (bytes === undefined) return;
    this.#held.delete(id);
    this.#heldBytes -= bytes;
    this.#all.release(bytes);
  }
}
