/**
 * {@linkcode checkOptions} and {@linkcode checkCall}: validate the options of a client and its calls.
 *
 * @module
 */
import type { CallOptions, MethodInfo } from "../service/types.ts";
import {
  CALL_OPTION_KINDS,
  checkNoArgs,
  checkOptionKinds,
  fillInLimits,
  isOfKind,
  type OptionKind,
} from "../wire/option_kinds.ts";
import type { Limits } from "../wire/limits.ts";
import type { ClientTls } from "../wire/transport.ts";
import type { ConnectOptions } from "./options.ts";
import type { CheckedOptions } from "./parts.ts";

/** Every name of {@linkcode ConnectOptions}: a missing one is a compile error. */
const KINDS: Readonly<Record<keyof ConnectOptions<never, never, never>, OptionKind>> = {
  tls: true,
  level: true,
  headers: "headers",
  limits: "object",
  whenFull: true,
  reconnect: "boolean",
  onConnect: "function",
  client: "object",
  onError: "function",
  onTrace: "function",
  signal: "signal",
};

/** Every name of the TLS options. */
const TLS_KINDS: Readonly<Record<keyof Exclude<ClientTls, string>, OptionKind>> = {
  ca: "string",
  fingerprint: "string",
};

/**
 * Fill in the defaults.
 *
 * @throws {TypeError} If an option is unknown or invalid.
 * @throws {RangeError} If a number is out of bounds.
 */
export function checkOptions<L extends Partial<Limits>>(
  options: ConnectOptions<never, never, never>,
  defaults: Omit<CheckedOptions, "limits"> & { readonly limits: L },
): Omit<CheckedOptions, "limits"> & { readonly limits: L } {
  checkOptionKinds("connect()", options, KINDS);
  const { level = defaults.level, limits, whenFull = defaults.whenFull, tls } = options;
  if (!Number.isInteger(level) || level < 0 || level > 9) {
    throw new RangeError(`Cannot use level ${level}: expected 0 to 9`);
  }
  if (whenFull !== "fail" && whenFull !== "wait") {
    throw new TypeError(`Cannot use whenFull "${whenFull}": expected fail or wait`);
  }
  if (typeof tls === "object" && tls !== null) checkOptionKinds("tls", tls, TLS_KINDS);
  else if (tls !== undefined && tls !== "self-signed") {
    throw new TypeError(`Cannot use tls "${tls}": expected self-signed, { ca } or { fingerprint }`);
  }
  return { level, limits: fillInLimits(limits, defaults.limits), whenFull };
}

/** The options of most calls: none. */
export const NONE: CallOptions = Object.freeze({});

/**
 * Validate a call: its options, and that they are not in the place of its arguments.
 *
 * @throws {TypeError} If an option is unknown or has the wrong type, or is given to a method without arguments as one.
 */
export function checkCall(method: MethodInfo, args: unknown, options: CallOptions): void {
  checkNoArgs(method, args);
  if (options === NONE) return;
  if (Object(options) !== options) checkOptionKinds("a call", options, CALL_OPTION_KINDS);
  // Without allocating arrays: this runs for every call.
  for (const name in options) {
    const key = name as keyof CallOptions;
    if (!Object.hasOwn(CALL_OPTION_KINDS, key) || !isOfKind(options[key], CALL_OPTION_KINDS[key])) {
      checkOptionKinds("a call", options, CALL_OPTION_KINDS);
    }
  }
}
