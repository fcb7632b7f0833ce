/**
 * {@linkcode checkCallOptions}: whether what is asked of a call has a meaning.
 *
 * @module
 */
import type { CallOptions } from "../service/types.ts";
import { checkOptionKinds, isOfKind, type OptionKind } from "../wire/option_kinds.ts";

/** What most calls ask for. */
export const NONE: CallOptions = Object.freeze({});

const KINDS: Readonly<Record<keyof CallOptions, OptionKind>> = {
  timeoutMs: "number",
  signal: "signal",
};

/**
 * Check what a call asks for.
 *
 * @throws {TypeError} If there is no such option, or it is of another kind.
 */
export function checkCallOptions(options: CallOptions): void {
  // Without the arrays that are made elsewhere: this is done at every call.
  for (const name in options) {
    const key = name as keyof CallOptions;
    if (!Object.hasOwn(KINDS, key) || !isOfKind(options[key], KINDS[key])) {
      checkOptionKinds("a call", options, KINDS);
    }
  }
}
