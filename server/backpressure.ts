/**
 * {@linkcode Backpressure}: ends peers that don't read.
 *
 * @module
 */
import { CHECK_BYTES } from "../stream/gate.ts";
import type { Clock } from "../wire/clock.ts";
import type { Limits } from "../wire/limits.ts";
import type { SendTally } from "../wire/shared_message.ts";
import type { Connections, Kept } from "./connections.ts";
import type { ServerParts } from "./server_parts.ts";

/** Bytes below which a message is always sent. */
const MIN_ADMITTED_BYTES = 1 << 12;
/** Milliseconds for which a sum over the limit stays valid while nothing is sent: it visits all connections. */
const SUM_HOLDS_MS = 10;

/**
 * No message is ever dropped, because a lost one would corrupt the state. Instead a peer's connection ends when
 * more than `maxBufferedBytes` are queued for it and it reads nothing for `closeTimeoutMs`, or when twice as many
 * are queued. When more than `maxTotalBufferedBytes` are queued for all, those with the longest queues end.
 *
 * The total is computed again after enough bytes were sent to exceed it. If ending peers doesn't free memory, no
 * large message is sent while it would exceed the total by more than 1/16: its connection ends instead.
 */
export class Backpressure {
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** All that may have queued bytes. */
  readonly #connections: Connections;
  /** The timers of those for which more is queued than `maxBufferedBytes`. */
  readonly #watched = new Map<Kept, unknown>();
  readonly #maxBufferedBytes: number;
  readonly #checkBytes: number;
  readonly #tally: SendTally;
  /** The tally at which to compute the total again. */
  #sumAtBytes: number;
  /** The highest allowed tally, while the total is over its limit and nothing could be freed. */
  #fullAtBytes = Infinity;
  /** The tally at the last total. */
  #summedBytes = 0;
  #summedAtMs = 0;

  /** Create for the connections of one server. */
  constructor({ clock, limits, events }: ServerParts, connections: Connections) {
    const { maxBufferedBytes, maxTotalBufferedBytes } = limits;
    this.#clock = clock;
    this.#limits = limits;
    this.#connections = connections;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#checkBytes = Math.min(CHECK_BYTES, maxBufferedBytes);
    this.#tally = events.tally;
    this.#sumAtBytes = maxTotalBufferedBytes;
  }

  /** Something was sent. */
  check(owner: Kept): void {
    if (this.#tally.sentBytes > this.#sumAtBytes) this.#checkTotal();
    if (!owner.hasSent(this.#checkBytes)) return;
    const { bufferedBytes } = owner.sender;
    if (bufferedBytes > this.#maxBufferedBytes * 2) owner.onStuck();
    else if (bufferedBytes > this.#maxBufferedBytes) this.#watch(owner);
  }

  /** Whether a message of so many bytes may be sent. If not, its connection is ending. */
  admits(owner: Kept, bytes: number): boolean {
    const tally = this.#tally;
    if (bytes < MIN_ADMITTED_BYTES || tally.sentBytes + bytes <= this.#fullAtBytes) return true;
    const age = this.#clock.now() - this.#summedAtMs;
    if (tally.sentBytes !== this.#summedBytes || age >= SUM_HOLDS_MS) this.#checkTotal();
    if (tally.sentBytes + bytes <= this.#fullAtBytes) return true;
    // Computing the total may have ended it.
    if (!owner.closing) owner.onStuck();
    return false;
  }

  #checkTotal(): void {
    const { maxTotalBufferedBytes: max } = this.#limits;
    const most: { readonly owner: Kept; readonly bytes: number }[] = [];
    let ownBytes = 0;
    for (const owner of this.#connections) {
      ownBytes += owner.sender.ownBytes;
      const bytes = owner.sender.bufferedBytes;
      if (bytes > this.#checkBytes) most.push({ owner, bytes });
    }
    const total = (): number => ownBytes + this.#tally.sharedBytes;
    if (total() > max) most.sort((a, b) => a.bytes - b.bytes);
    while (total() > max) {
      const owner = most.pop()?.owner;
      if (owner === undefined) break;
      ownBytes -= owner.sender.ownBytes;
      owner.onStuck();
      ownBytes += owner.sender.ownBytes;
    }
    const { sentBytes } = this.#tally;
    const left = max - total();
    // A slack of 1/16, so that not every message computes the total.
    this.#sumAtBytes = sentBytes + Math.max(left, max / 16);
    this.#fullAtBytes = left < 0 ? sentBytes + left + max / 16 : Infinity;
    this.#summedBytes = sentBytes;
    this.#summedAtMs = this.#clock.now();
  }

  #watch(owner: Kept): void {
    const { sender } = owner;
    if (this.#watched.has(owner)) return;
    const taken = sender.sentBytes - sender.bufferedBytes;
    const timer = this.#clock.after(this.#limits.closeTimeoutMs, () => {
      this.#watched.delete(owner);
      const { bufferedBytes } = sender;
      if (bufferedBytes <= this.#maxBufferedBytes) return;
      if (sender.sentBytes - bufferedBytes > taken) this.#watch(owner);
      else owner.onStuck();
    });
    this.#watched.set(owner, timer);
  }

  /** The connection is ending. */
  stop(owner: Kept): void {
    const timer = this.#watched.get(owner);
    if (this.#watched.delete(owner)) this.#clock.clear(timer);
  }
}
