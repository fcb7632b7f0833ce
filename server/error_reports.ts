/**
 * {@linkcode ErrorReports}: what a server's `onError` gets, so that peers cannot flood it.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import { Seldom } from "../wire/seldom.ts";
import type { PeerInfo } from "../wire/transport.ts";
import { TokenBucket } from "./token_bucket.ts";

/** The context of an error. */
export interface ErrorContext {
  /** The operation: a method such as `"increment"`, `"call"` (unknown method), `"state"`, `"handler"`, `"authorize"`, `"event"`, `"transport"` (also a refused connection), `"protocol"`, `"broker"`, `"fallback"` or `"origin"`. */
  readonly where: string;
  /** The peer's address. */
  readonly peer: PeerInfo;
  /** The name of the service. */
  readonly service: string;
  /** The called method; absent if there was no call or its method is unknown. */
  readonly method?: string | undefined;
  /** The connection's number on its server; absent before the connection opened. */
  readonly connection?: number | undefined;
  /**
   * Number of errors of this kind before this one that were not reported. Of what peers get wrong the 1st, 2nd, 4th,
   * 8th … of a kind is reported, of all connections together, starting again after a minute without. Of handlers'
   * failures 64 at once are reported for each connection, then 16 a second; of all connections 256 at once for each
   * `where`, then 64 a second. Absent if 0.
   */
  readonly untold?: number | undefined;
}

/** Receives errors that peers don't see. Its own errors are ignored. */
export type ErrorListener = (error: unknown, context: ErrorContext) => void;

/** Failures of one kind, of all connections, that are reported; of faster ones only the count is. */
export const TOLD_FAILURES = { perSecond: 64, burst: 256 } as const;

/** Failures of one kind. */
interface Failures {
  readonly told: TokenBucket;
  untold: number;
}

/**
 * Reports errors to `onError`. Counts by kind and not by connection, since a peer can open any number of them. Kinds
 * are names of ours and of the service's methods, so their number is bounded.
 */
export class ErrorReports {
  readonly #onError: ErrorListener;
  readonly #clock: Clock;
  readonly #seldom = new Map<string, Seldom>();
  readonly #failures = new Map<string, Failures>();

  /** Create for one server. `onError` must not throw. */
  constructor(onError: ErrorListener, clock: Clock) {
    this.#onError = onError;
    this.#clock = clock;
  }

  /**
   * Report the 1st, 2nd, 4th, 8th … of what a peer gets wrong, starting again after a minute without.
   *
   * @param kind What went wrong: its code, or where.
   * @param error The error, or what creates it if it is reported.
   */
  wrong(kind: string, error: Error | (() => unknown), context: ErrorContext): void {
    let seldom = this.#seldom.get(kind);
    if (seldom === undefined) this.#seldom.set(kind, seldom = new Seldom());
    const untold = seldom.add(this.#clock.now());
    if (untold === undefined) return;
    this.#tell(typeof error === "function" ? error() : error, context, untold);
  }

  /**
   * Report a failure of the application, which may be another each time: at most {@linkcode TOLD_FAILURES} of each
   * `where`.
   *
   * @param mayTell Whether it may be reported, and not only counted.
   */
  failed(error: unknown, context: ErrorContext, mayTell = true): void {
    const { where } = context;
    let failures = this.#failures.get(where);
    if (failures === undefined) {
      const told = new TokenBucket(TOLD_FAILURES, () => this.#clock.now());
      this.#failures.set(where, failures = { told, untold: 0 });
    }
    const { untold } = failures;
    const isTold = mayTell && failures.told.take();
    failures.untold = isTold ? 0 : untold + 1;
    if (isTold) this.#tell(error, context, untold);
  }

  #tell(error: unknown, context: ErrorContext, untold: number): void {
    this.#onError(error, untold === 0 ? context : { ...context, untold });
  }
}
