/**
 * {@linkcode OriginRules}: validates `Origin` and `Host`.
 *
 * @module
 */

import { ignore, isThenable } from "../wire/listener.ts";
import { type Refusal, WRONG_HOST, WRONG_ORIGIN } from "./refusal.ts";

/**
 * The origins that may connect in addition to the server's own host, as browsers send them, or a function that
 * decides. Only `true` accepts.
 */
export type Origins =
  | readonly string[]
  | ((origin: string, request: Request) => boolean);

/** What a server is told of origins and hosts. */
interface OriginOptions {
  readonly origins?: Origins | undefined;
  readonly hosts?: readonly string[] | undefined;
}

/** Most refused origins and hosts that are reported, once each. Others are refused silently. */
const MAX_ORIGINS_TOLD = 64;

/** Checks `Origin` and `Host` of each request. */
export class OriginRules {
  readonly #origins: Origins;
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #told = new Set<string>();

  /** Throws `TypeError` if an origin or a host is invalid. */
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

  /** Whether the server accepts a request's `Host`. */
  answersTo({ headers }: Request): boolean {
    if (this.#hosts === undefined) return true;
    const host = (headers.get("host") ?? "").toLowerCase();
    return this.#hosts.has(host) || this.#hosts.has(withoutPort(host));
  }

  /** The refusal of a request, if any. Reports it to `onError`. */
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

  /** Whether a page may connect. Throws errors of the user's function. */
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

/** Under TLS the page must have come over TLS too: an attacker on the network can forge a plain one. */
function isSameHost(origin: string, { headers, url }: Request): boolean {
  const host = headers.get("host");
  if (host === null || !URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  if (protocol !== "https:" && (protocol !== "http:" || url.startsWith("https:"))) return false;
  // Parsed as a URL, so that a default port makes no difference.
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

/** Whether it consists of scheme, host and port only, as an `Origin` header. */
function isSerialised(origin: string): boolean {
  if (origin === "null") return true;
  if (origin.includes("*") || !URL.canParse(origin)) return false;
  const { protocol, host, origin: standard } = new URL(origin);
  // The URL standard defines no origin for custom schemes; browsers and app shells send one.
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
