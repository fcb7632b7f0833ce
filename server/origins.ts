/**
 * {@linkcode OriginRules}: which pages may connect, and under which names the server answers.
 *
 * @module
 */

import { ignore, isThenable } from "../wire/listener.ts";
import { type Refusal, WRONG_HOST, WRONG_ORIGIN } from "./refusal.ts";

/**
 * Pages that may connect besides those of the server's own host: their origins, as the browser sends
 * them, or a function that knows. Only `true` lets one in.
 */
export type Origins =
  | readonly string[]
  | ((origin: string, request: Request) => boolean);

/** Refused origins and hosts that are told of, once each. More are refused without a word. */
export const MAX_ORIGINS_TOLD = 64;

/** The parts of `ServerOptions` that say where a client may come from. */
export interface OriginOptions {
  /** See `ServerOptions`. */
  readonly origins?: Origins | undefined;
  /** See `ServerOptions`. */
  readonly hosts?: readonly string[] | undefined;
}

/** Looks at `Origin` and `Host` of each request. */
export class OriginRules {
  readonly #origins: Origins;
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #told = new Set<string>();

  /** Throws `TypeError` if an origin or a host is none. */
  constructor({ origins = [], hosts }: OriginOptions) {
    if (typeof origins !== "function") {
      if (!Array.isArray(origins)) {
        throw new TypeError("Cannot use origins: expected an array, or a function");
      }
      for (const origin of origins) checkOrigin(origin);
    }
    this.#origins = origins;
    this.#hosts = hosts && new Set(hosts.map(checkHost));
  }

  /** Whether the server answers to the name that a request has in `Host`. */
  answersTo({ headers }: Request): boolean {
    if (this.#hosts === undefined) return true;
    const host = (headers.get("host") ?? "").toLowerCase();
    return this.#hosts.has(host) || this.#hosts.has(withoutPort(host));
  }

  /** Why a request is refused, if it is. `onError` is told what the user is to know of it. */
  refusal(request: Request, onError: (error: unknown) => void): Refusal | undefined {
    if (!this.answersTo(request)) {
      this.#tell(`host "${shown(request.headers.get("host"))}"`, "hosts", onError);
      return WRONG_HOST;
    }
    const origin = request.headers.get("origin");
    if (origin === null) return undefined;
    try {
      if (this.#allows(origin, request)) return undefined;
      this.#tell(`origin "${shown(origin)}"`, "origins", onError);
    } catch (error) {
      onError(error);
    }
    return WRONG_ORIGIN;
  }

  /** Whether a page may connect. Throws what a function of the user's does. */
  #allows(origin: string, request: Request): boolean {
    const origins = this.#origins;
    if (isSameHost(origin, request)) return true;
    if (typeof origins !== "function") return origins.includes(origin);
    const answer: unknown = origins(origin, request);
    if (typeof answer === "boolean") return answer;
    if (isThenable(answer)) Promise.resolve(answer).then(undefined, ignore);
    throw new TypeError(
      `Cannot decide on origin "${origin}": origins() answered no boolean; it may not be async`,
    );
  }

  #tell(what: string, option: string, onError: (error: unknown) => void): void {
    if (this.#told.has(what) || this.#told.size >= MAX_ORIGINS_TOLD) return;
    this.#told.add(what);
    onError(
      new Error(`A connection by ${what} was refused: if it may connect, list it in ${option}`),
    );
  }
}

function shown(text: string | null): string {
  return (text ?? "").slice(0, 200);
}

/** Under TLS a page has to have come over TLS too: whoever is on the way can write another. */
function isSameHost(origin: string, { headers, url }: Request): boolean {
  const host = headers.get("host");
  if (host === null || !URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  if (protocol !== "https:" && (protocol !== "http:" || url.startsWith("https:"))) return false;
  // Through URL, so that a port that goes without saying is no difference.
  const own = `${protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === from;
}

function checkOrigin(origin: string): void {
  if (typeof origin === "string" && isSerialised(origin)) return;
  const advice = String(origin).includes("*")
    ? "there are no wildcards; list each origin, or give a function: origins: (origin) => boolean"
    : `expected it as browsers send it, such as "https://example.com", "app://localhost" or "null"`;
  throw new TypeError(`Cannot allow origin "${origin}": ${advice}`);
}

/** Whether it is scheme, host and port alone, as in an `Origin` header. */
function isSerialised(origin: string): boolean {
  if (origin === "null") return true;
  if (origin.includes("*") || !URL.canParse(origin)) return false;
  const { protocol, host, origin: standard } = new URL(origin);
  // Of schemes of its own the standard makes no origin; browsers and shells do.
  return origin === (standard === "null" ? `${protocol}//${host}` : standard) && host !== "";
}

function checkHost(host: string): string {
  if (typeof host === "string" && URL.canParse(`http://${host}`)) {
    const { pathname, search, hash } = new URL(`http://${host}`);
    if (pathname === "/" && `${search}${hash}` === "" && !/[/*@]/.test(host)) {
      return host.toLowerCase();
    }
  }
  throw new TypeError(
    `Cannot answer to host "${host}": expected a name or an address, with or without a port, such as "localhost"`,
  );
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(":");
  return colon > host.lastIndexOf("]") ? host.slice(0, colon) : host;
}
