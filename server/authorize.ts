/**
 * {@linkcode Authorize}: the user's decision on a connection, its valid results, and the bound on pending decisions.
 *
 * @module
 */
import { checkAnswer } from "../wire/http_answer.ts";
import type { PeerInfo } from "../wire/transport.ts";
import { timersOf } from "../wire/clock.ts";
import type { Limits } from "../wire/limits.ts";
import { onAbort } from "../wire/signals.ts";
import { interruptible, type Waits } from "../wire/waiting.ts";
import type { ServerParts } from "./server_parts.ts";

/** The result of `authorize`: the handler's `auth`, or a refusal. */
export type Authorization<Auth> = Auth | Response | false;

/** Decides on a connection before it opens. Must read the request synchronously. */
export type Authorize<Auth> = (
  request: Request,
  peer: PeerInfo,
) => Authorization<Auth> | PromiseLike<Authorization<Auth>>;

/**
 * Interpret a decision: a refusal or `auth`. Throws `TypeError` for a `Response` that cannot be sent: treating
 * it as truthy would turn a refusal into access.
 */
export function decisionOf<Auth>(
  answer: Authorization<Auth>,
  blind: boolean,
): { readonly refusal: Response | undefined } | { readonly auth: Auth } {
  if (!answer) return { refusal: undefined };
  if (answer instanceof Response) {
    // A client that cannot read it gets a close code instead, and another client may get the response.
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

/** Whether it is a `Response` of another realm or library. */
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
  /** Whether it was cut short because the server is closing. */
  readonly isClosing: boolean;

  /** Create for a time in milliseconds. */
  constructor(timeoutMs: number, isClosing = false) {
    super(`authorize() did not answer within ${timeoutMs} ms, see "handshakeTimeoutMs"`);
    this.name = "AuthorizationTimeout";
    this.isClosing = isClosing;
  }
}

/** Pending decisions. Their peers have no connection yet and may have left. */
export class Authorizations {
  readonly #waits: Waits;
  readonly #limits: Pick<Limits, "maxAuthorizations" | "handshakeTimeoutMs">;
  #controller: AbortController | undefined;
  #pending = 0;

  /** Create with none under way. */
  constructor({ clock, limits }: Pick<ServerParts, "clock" | "limits">) {
    this.#waits = { ...timersOf(clock), onAbort };
    this.#limits = limits;
  }

  /** Aborts when the server closes. Made on first use: Cloudflare's runtime makes none while a module is loaded. */
  get #closing(): AbortController {
    return this.#controller ??= new AbortController();
  }

  /** Whether the limit is reached. */
  get full(): boolean {
    return this.#pending >= this.#limits.maxAuthorizations;
  }

  /** Await a decision. Rejects as it does, or with {@linkcode AuthorizationTimeout}. */
  wait<T>(decide: () => T | PromiseLike<T>): Promise<T> {
    const { handshakeTimeoutMs: timeoutMs } = this.#limits;
    return interruptible<T>(
      this.#waits,
      (resolve, reject) => {
        this.#pending++;
        new Promise<T>((settle) => settle(decide())).then(resolve, reject);
        return () => void this.#pending--;
      },
      (code) => new AuthorizationTimeout(timeoutMs, code === "Cancelled"),
      this.#closing.signal,
      timeoutMs,
    );
  }

  /** Cancel all: the server is closing. */
  end(): void {
    this.#closing.abort();
  }
}
