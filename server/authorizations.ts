/**
 * {@linkcode Authorizations}: how many decisions may be under way, and for how long.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/** A decision that takes too long. */
export class AuthorizationTimeout extends Error {
  /** Create for a time in milliseconds. */
  constructor(timeoutMs: number) {
    super(`authorize() did not answer within ${timeoutMs} ms, see "handshakeTimeoutMs"`);
    this.name = "AuthorizationTimeout";
  }
}

/** What {@linkcode Authorizations} are bounded by. */
export interface AuthorizationBounds {
  /** How many may be under way. */
  readonly max: number;
  /** Milliseconds each may take. */
  readonly timeoutMs: number;
  /** Whose time it is. */
  readonly clock: Clock;
}

/** Decisions under way. Their peers have no connection yet, and perhaps have left. */
export class Authorizations {
  readonly #bounds: AuthorizationBounds;
  #pending = 0;

  /** Create with none under way. */
  constructor(bounds: AuthorizationBounds) {
    this.#bounds = bounds;
  }

  /** Whether no other may begin. */
  get full(): boolean {
    return this.#pending >= this.#bounds.max;
  }

  /** Wait for one. Rejects as it does, or with {@linkcode AuthorizationTimeout}. */
  async wait<T>(decide: () => T | PromiseLike<T>): Promise<T> {
    const { clock, timeoutMs } = this.#bounds;
    let timer: unknown;
    this.#pending++;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = clock.after(timeoutMs, () => reject(new AuthorizationTimeout(timeoutMs)));
      });
      return await Promise.race([decide(), late]);
    } finally {
      clock.clear(timer);
      this.#pending--;
    }
  }
}
