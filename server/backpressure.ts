/**
 * {@linkcode Backpressure}: when a peer that does not read is given up.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Sender } from "../wire/sender.ts";
import type { SendTally } from "../wire/shared_message.ts";

/** Bytes to send before the transport is asked again how many wait: asking is not free. */
const CHECK_BYTES = 1 << 16;
/** Bytes below which a message is always sent. */
const MIN_ADMITTED_BYTES = 1 << 12;
/** Milliseconds for which a sum that was over holds if nothing was sent: it takes all connections. */
const SUM_HOLDS_MS = 10;

/** What {@linkcode Backpressure} needs: the same for all connections. */
export interface BackpressureOptions {
  /** The clock. */
  readonly clock: Clock;
  /** Bytes that may wait for one peer. */
  readonly maxBufferedBytes: number;
  /** Bytes that may wait for all together. */
  readonly maxTotalBufferedBytes: number;
  /** Milliseconds a peer whose queue is over that has to take something from it. */
  readonly patienceMs: number;
  /** What all have sent. */
  readonly tally: SendTally;
  /** All for whom something may wait. */
  readonly owners: Iterable<BackpressureOwner>;
}

/** Whose peer may not read. */
export interface BackpressureOwner {
  /** Whose messages. */
  readonly sender: Sender;
  /** `sentBytes` as they were at the last check. */
  checkedBytes: number;
  /** The timer, while more waits than may. */
  patience: unknown;
  /** Whether it is ending. */
  readonly closing: boolean;
  /** The peer does not read. If it was told so before, it is cut. */
  onStuck(): void;
}

/**
 * Nothing is ever dropped, since a lost message would corrupt the state. Instead a peer is given up
 * when more than `maxBufferedBytes` wait for it and it takes nothing for `patienceMs`, or when twice as
 * many wait; and those with most that waits, when more than `maxTotalBufferedBytes` wait for all.
 *
 * What waits for all is summed up again when so many bytes were sent that it may be over. Where what
 * waits is not freed by giving its peer up, nothing large is sent as long as it would go over by more than
 * a sixteenth: who does not get it is given up.
 */
export class Backpressure {
  readonly #options: BackpressureOptions;
  readonly #maxBufferedBytes: number;
  readonly #checkBytes: number;
  readonly #tally: SendTally;
  /** What the tally shows when it is time to sum up. */
  #sumAtBytes: number;
  /** What it may show at most, while more waits for all than may and nothing could be freed. */
  #fullAtBytes = Infinity;
  /** What it showed at the last sum. */
  #summedBytes = 0;
  #summedAtMs = 0;

  /** Create for one server. */
  constructor(options: BackpressureOptions) {
    const { maxBufferedBytes, maxTotalBufferedBytes, tally } = options;
    this.#options = options;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#checkBytes = Math.min(CHECK_BYTES, maxBufferedBytes);
    this.#tally = tally;
    this.#sumAtBytes = maxTotalBufferedBytes;
  }

  /** Something was sent. */
  check(owner: BackpressureOwner): void {
    if (this.#tally.sentBytes > this.#sumAtBytes) this.#checkTotal();
    const { sender } = owner;
    if (sender.sentBytes - owner.checkedBytes < this.#checkBytes) return;
    owner.checkedBytes = sender.sentBytes;
    const { bufferedBytes } = sender;
    if (bufferedBytes > this.#maxBufferedBytes * 2) owner.onStuck();
    else if (bufferedBytes > this.#maxBufferedBytes) this.#watch(owner);
  }

  /** Whether a message of so many bytes may be sent. Where not, its peer has been given up. */
  admits(owner: BackpressureOwner, bytes: number): boolean {
    const tally = this.#tally;
    if (bytes < MIN_ADMITTED_BYTES || tally.sentBytes + bytes <= this.#fullAtBytes) return true;
    const age = this.#options.clock.now() - this.#summedAtMs;
    if (tally.sentBytes !== this.#summedBytes || age >= SUM_HOLDS_MS) this.#checkTotal();
    if (tally.sentBytes + bytes <= this.#fullAtBytes) return true;
    // To sum up may have ended it.
    if (!owner.closing) owner.onStuck();
    return false;
  }

  #checkTotal(): void {
    const { maxTotalBufferedBytes: max, owners } = this.#options;
    const most: { readonly owner: BackpressureOwner; readonly bytes: number }[] = [];
    let ownBytes = 0;
    for (const owner of owners) {
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
    // A sixteenth more may wait than may, so that not every message is a reason to sum up.
    this.#sumAtBytes = sentBytes + Math.max(left, max / 16);
    this.#fullAtBytes = left < 0 ? sentBytes + left + max / 16 : Infinity;
    this.#summedBytes = sentBytes;
    this.#summedAtMs = this.#options.clock.now();
  }

  #watch(owner: BackpressureOwner): void {
    if (owner.patience !== undefined) return;
    const { sender } = owner;
    const { clock, patienceMs } = this.#options;
    const taken = sender.sentBytes - sender.bufferedBytes;
    owner.patience = clock.after(patienceMs, () => {
      owner.patience = undefined;
      const { bufferedBytes } = sender;
      if (bufferedBytes <= this.#maxBufferedBytes) return;
      if (sender.sentBytes - bufferedBytes > taken) this.#watch(owner);
      else owner.onStuck();
    });
  }

  /** The connection is ending. */
  stop(owner: BackpressureOwner): void {
    if (owner.patience === undefined) return;
    this.#options.clock.clear(owner.patience);
    owner.patience = undefined;
  }
}
