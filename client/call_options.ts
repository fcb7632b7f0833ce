/**
 * {@linkcode checkCallOptions}: validates the options of a call.
 *
 * @module
 */
import type { CallOptions } from "../service/types.ts";
import { checkOptionKinds, isOfKind, type OptionKind } from "../wire/option_kinds.ts";

/** The options of most calls: none. */
export const NONE: CallOptions = Object.freeze({});

const KINDS: Readonly<Record<keyof CallOptions, OptionKind>> = {
  timeoutMs: "number",
  signal: "signal",
};

/**
 * Validate the options of a call.
 *
 * @throws {TypeError} If an option is unknown or has the wrong type.
 */
export function checkCallOptions(options: CallOptions): void {
  // Without allocating arrays: this runs for every call.
  for (const name in options) {
    const key = name as keyof CallOptions;
    if (!Object.hasOwn(KINDS, key) || !isOfKind(options[key], KINDS[key])) {
      checkOptionKinds("a call", options, KINDS);
    }
  }
}
