/**
 * {@linkcode Ending}: the end of a connection.
 *
 * @module
 */
import { CloseCode } from "../wire/close.ts";
import type { CloseInfo } from "../wire/transport.ts";
import type { Caller } from "./caller.ts";

/** A connection, as its end knows it. */
export interface Endable extends Caller {
  /** Begin the close, once. */
  close(code: number, reason: string): void;
  /** Release everything except the transport and its queue: nothing more is received. */
  release(): void;
  /** The transport has ended, or was cut. */
  onEnded(info: CloseInfo): void;
}

/** The end of a connection. Created when it begins to end, or must end when idle. */
export class Ending {
  readonly #connection: Endable;
  /** The first cause of its end. */
  #closedWith: CloseInfo | undefined;
  /** Whether sending has stopped, except messages that wait for the deflater. */
  mute = false;
  /** The timer after which the transport is cut. */
  #timer: unknown;
  /** Whether the transport has ended. */
  ended = false;
  /** The close to send when no call is in flight and every answer was sent. */
  #whenDrained: CloseInfo | undefined;

  /** Create for one connection. */
  constructor(connection: Endable) {
    this.#connection = connection;
  }

  /** Close as soon as no call is in flight and every answer was sent. */
  drain(info: CloseInfo): void {
    this.#whenDrained = info;
    this.closeIfDrained();
  }

  /** Close if {@linkcode Ending.drain} was called, and there is nothing left to wait for. */
  closeIfDrained(): void {
    const info = this.#whenDrained;
    const { calls, sender } = this.#connection;
    // In one step: a call could begin between the check and the close.
    if (info === undefined || calls !== undefined || !sender.idle) return;
    this.#connection.close(info.code, info.reason);
  }

  /**
   * Begin the close. Answers are sent first, unless the peer doesn't read. The transport is cut if that and the
   * peer's close take too long.
   */
  close(info: CloseInfo): void {
    const connection = this.#connection;
    const { sender, host: { clock, limits } } = connection;
    this.#closedWith = info;
    const discards = info.code === CloseCode.SlowConsumer;
    if (discards) sender.close();
    // The results of settled handlers may still be in queued microtasks.
    const waits = connection.calls !== undefined && !discards && !this.mute;
    if (!waits) this.silence();
    connection.release();
    this.#timer = clock.after(limits.closeTimeoutMs, () => {
      sender.transport.terminate();
      this.#finish();
    });
    if (waits) queueMicrotask(() => this.hangUp());
    else this.hangUp();
  }

  /** The transport has ended. */
  closed(info: CloseInfo): void {
    this.#closedWith ??= info;
    this.silence();
    this.#connection.release();
    this.#finish();
  }

  /** Send only what is queued. */
  silence(): void {
    this.mute = true;
    this.#connection.sender.finish();
  }

  /** Send only what is queued, then close. */
  hangUp(): void {
    this.silence();
    const { sender } = this.#connection;
    if (this.ended || this.#closedWith === undefined || !sender.idle) return;
    const { code, reason } = this.#closedWith;
    sender.transport.close(code, reason, code === CloseCode.SlowConsumer);
  }

  #finish(): void {
    if (this.ended) return;
    this.ended = true;
    const connection = this.#connection;
    connection.sender.close();
    connection.host.clock.clear(this.#timer);
    connection.onEnded(this.#closedWith ?? { code: 1006, reason: "" });
  }
}
