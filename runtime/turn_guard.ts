/**
 * {@linkcode TurnGuard}: a guard for sockets whose runtime cannot pause reading.
 *
 * @module
 */
import { CloseCode } from "../wire/close.ts";
import type { Extension } from "../wire/handshake.ts";
import { DEFAULT_LIMITS } from "../wire/limits.ts";
import type { CloseInfo, Heard, TransportLimits } from "../wire/transport.ts";
import { GuardedTransport } from "./guard.ts";
import {
  currentTurn,
  type Hearer,
  hearInTurn,
  isTurnOver,
  mustWait,
  type Waiter,
  waitForTurn,
} from "./turn.ts";

/** The limits of such a socket. */
export type TurnLimits = Pick<TransportLimits, "maxMessageBytes" | "maxWaitingBytes">;

/** Estimated memory overhead, in bytes, of a waiting message. */
export const WAITING_BYTES = 192;

/** Holds messages for their turn, in order, and the socket's end behind them. */
export abstract class TurnGuard extends GuardedTransport implements Hearer, Waiter {
  readonly #maxWaitingBytes: number;
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;
  #gone: CloseInfo | undefined;
  #heardIn = 0;
  isLight = false;

  /** Create for a socket of the runtime's. */
  constructor(
    { maxMessageBytes, maxWaitingBytes = DEFAULT_LIMITS.maxWaitingBytes }: TurnLimits,
    extension?: Extension,
  ) {
    super(maxMessageBytes, extension);
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  override receive(message: Uint8Array): void {
    if (this.#waiting !== undefined || mustWait(message.length, this.#heardIn)) {
      return this.#wait(message);
    }
    this.#heardIn = currentTurn();
    const rest = hearInTurn(this, message);
    if (rest !== undefined) this.#wait(rest);
  }

  hear(message: Uint8Array, from: number): Heard {
    return super.receive(message, from);
  }

  #wait(message: Uint8Array): void {
    if (this.ended) return;
    this.#waitingBytes += message.length + WAITING_BYTES;
    if (this.#waitingBytes > this.#maxWaitingBytes) {
      return this.fail(
        CloseCode.SlowConsumer,
        `Messages that wait are over maxWaitingBytes, ${this.#maxWaitingBytes} bytes`,
      );
    }
    const copy = new Uint8Array(message);
    if (this.#waiting !== undefined) return void this.#waiting.push(copy);
    this.#waiting = [copy];
    waitForTurn(this);
  }

  goOn(): boolean {
    let next = 0;
    for (let over = false; !over;) {
      const message = this.#waiting?.[next++];
      // None are left, or the socket has ended meanwhile.
      if (message === undefined) break;
      this.#waitingBytes -= message.length + WAITING_BYTES;
      const rest = hearInTurn(this, message);
      over = isTurnOver();
      if (rest === undefined || this.#waiting === undefined) continue;
      this.#waiting[--next] = rest;
      this.#waitingBytes += rest.length + WAITING_BYTES;
      break;
    }
    this.#waiting?.splice(0, next);
    if (this.#waiting !== undefined && this.#waiting.length > 0) return true;
    this.#waiting = undefined;
    if (this.#gone !== undefined) this.end(this.#gone);
    return false;
  }

  /** The runtime's socket has ended; messages received before are handled first. */
  gone(info: CloseInfo): void {
    this.leave();
    if (this.#waiting === undefined) this.end(info);
    else this.#gone ??= info;
  }

  override end(info: CloseInfo): void {
    this.#waiting = undefined;
    super.end(info);
  }
}
