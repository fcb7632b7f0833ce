/**
 * {@linkcode Authorize}: the user's decision on a connection, what counts as one, and how many may be under way.
 *
 * @module
 */
import { checkAnswer } from "../wire/http_answer.ts";
import type { PeerInfo } from "../wire/transport.ts";
import type { Clock } from "../wire/clock.ts";

/** What `authorize` answers: what the handler gets as `auth`, or a refusal. */
export type Authorization<Auth> = Auth | Response | false;

/** Decides on a connection before it opens. Reads what it needs of the request at once. */
export type Authorize<Auth> = (
  request: Request,
  peer: PeerInfo,
) => Authorization<Auth> | PromiseLike<Authorization<Auth>>;

/**
 * What was decided: what refuses, or `auth`. Throws `TypeError` at what was meant as a refusal and is no
 * `Response` that can be sent: to let it in would turn a no into a yes.
 */
export function decisionOf<Auth>(
  answer: Authorization<Auth>,
  blind: boolean,
): { readonly refusal: Response | undefined } | { readonly auth: Auth } {
  if (!answer) return { refusal: undefined };
  if (answer instanceof Response) {
    // Who cannot read it is told by a close code, and it can be sent to another.
    if (!blind) checkAnswer(answer);
    return { refusal: answer };
  }
  if (answer instanceof Error) {
    throw new TypeError(
      "Cannot authorize: authorize() answered an Error; throw it, or answer false",
      {
        cause: answer,
      },
    );
  }
  if (isLikeResponse(answer)) {
    throw new TypeError(
      "Cannot authorize: authorize() answered the Response of a library; answer this runtime's own, or false",
    );
  }
  return { auth: answer };
}

/** Whether it is another realm's or another library's `Response`. */
function isLikeResponse(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Object.prototype.toString.call(value) === "[object Response]") return true;
  const { status, statusCode, headers } = value as Readonly<Record<string, unknown>>;
  const code = status ?? statusCode;
  if (typeof code !== "number") return false;
  return (Number.isInteger(code) && code >= 100 && code < 600) || typeof headers === "object";
}

/** A decision that takes too long. */
export class AuthorizationTimeout extends Error {
  /** Whether it would have had more time, but the server is closing. */
  readonly isClosing: boolean;

  /** Create for a time in milliseconds. */
  constructor(timeoutMs: number, isClosing = false) {
    super(`authorize() did not answer within ${timeoutMs} ms, see "handshakeTimeoutMs"`);
    this.name = "AuthorizationTimeout";
    this.isClosing = isClosing;
  }
}

/** What {@linkcode Authorizations} are bounded by. */
export interface AuthorizationBounds {
  /** How many may be under way. */
  readonly max: number;
  /** Milliseconds each may take. */
  readonly timeoutMs: number;
  /** The clock. */
  readonly clock: Clock;
}

/** Decisions under way. Their peers have no connection yet, and perhaps have left. */
export class Authorizations {
  readonly #bounds: AuthorizationBounds;
  /** How each is given up. */
  readonly #pending = new Set<(reason: Error) => void>();

  /** Create with none under way. */
  constructor(bounds: AuthorizationBounds) {
    this.#bounds = bounds;
  }

  /** Whether no other may begin. */
  get full(): boolean {
    return this.#pending.size >= this.#bounds.max;
  }

  /** Wait for one. Rejects as it does, or with {@linkcode AuthorizationTimeout}. */
  async wait<T>(decide: () => T | PromiseLike<T>): Promise<T> {
    const { clock, timeoutMs } = this.#bounds;
    let giveUp!: (reason: Error) => void;
    const givenUp = new Promise<never>((_, reject) => giveUp = reject);
    const timer = clock.after(timeoutMs, () => giveUp(new AuthorizationTimeout(timeoutMs)));
    this.#pending.add(giveUp);
    try {
      return await Promise.race([decide(), givenUp]);
    } finally {
      clock.clear(timer);
      this.#pending.delete(giveUp);
    }
  }

  /** Give up all: the server is closing. */
  end(): void {
    const { timeoutMs } = this.#bounds;
    for (const giveUp of this.#pending) giveUp(new AuthorizationTimeout(timeoutMs, true));
  }
}
