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

/** Estimated memory overhead, in bytes, of a waiting message. */
export const WAITING_BYTES = 192;

/** Messages that wait for their turn. */
interface Waiting {
  readonly messages: Uint8Array[];
  /** Their size, overhead included. */
  bytes: number;
  /** The end of the socket, behind them. */
  gone: CloseInfo | undefined;
}

/** Holds messages for their turn, in order, and the socket's end behind them. */
export abstract class TurnGuard extends GuardedTransport implements Hearer, Waiter {
  /** The limits, shared by all sockets of a server. */
  protected readonly limits: TransportLimits;
  #waiting: Waiting | undefined;
  #heardIn = 0;
  isLight = false;

  /** Create for a socket of the runtime's. */
  constructor(limits: TransportLimits, extension?: Extension) {
    super(limits.maxMessageBytes, extension);
    this.limits = limits;
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
    const { maxWaitingBytes = DEFAULT_LIMITS.maxWaitingBytes } = this.limits;
    const bytes = (this.#waiting?.bytes ?? 0) + message.length + WAITING_BYTES;
    if (bytes > maxWaitingBytes) {
      return this.fail(
        CloseCode.SlowConsumer,
        `Messages that wait are over maxWaitingBytes, ${maxWaitingBytes} bytes`,
      );
    }
    const copy = new Uint8Array(message);
    if (this.#waiting === undefined) {
      this.#waiting = { messages: [copy], bytes, gone: undefined };
      return waitForTurn(this);
    }
    this.#waiting.messages.push(copy);
    this.#waiting.bytes = bytes;
  }

  goOn(): boolean {
    const waiting = this.#waiting;
    // The socket may end meanwhile.
    if (waiting === undefined) return false;
    const { messages } = waiting;
    let next = 0;
    for (let over = false; !over && this.#waiting === waiting;) {
      const message = messages[next++];
      if (message === undefined) break;
      waiting.bytes -= message.length + WAITING_BYTES;
      const rest = hearInTurn(this, message);
      over = isTurnOver();
      if (rest === undefined) continue;
      messages[--next] = rest;
      waiting.bytes += rest.length + WAITING_BYTES;
      break;
    }
    if (this.#waiting !== waiting) return false;
    messages.splice(0, next);
    if (messages.length > 0) return true;
    this.#waiting = undefined;
    if (waiting.gone !== undefined) this.end(waiting.gone);
    return false;
  }

  /** The runtime's socket has ended; messages received before are handled first. */
  gone(info: CloseInfo): void {
    this.leave();
    if (this.#waiting === undefined) this.end(info);
    else this.#waiting.gone ??= info;
  }

  override end(info: CloseInfo): void {
    this.#waiting = undefined;
    super.end(info);
  }
}
