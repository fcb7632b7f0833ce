/**
 * {@linkcode makeCalls}: one function a method.
 *
 * @module
 */
import type { MethodInfo } from "../service/types.ts";
import type { CallOptions, CallsOf } from "../service/types.ts";
import type { Caller } from "./parts.ts";

const NO_ARGS: Readonly<Record<string, never>> = {};

/** A plain frozen object with one own function a method, which need no `this`. */
export function makeCalls<Methods>(
  methods: readonly MethodInfo[],
  call: Caller,
): CallsOf<Methods> {
  const calls: Record<string, (args?: unknown, options?: CallOptions) => unknown> = {};
  for (const method of methods) {
    const streamed = method.input ?? method.items;
    calls[method.name] = streamed
      ? (args = NO_ARGS, options) => streamed.startCall(call, method, args, options)
      : (args = NO_ARGS, options) => call(method, args, options);
  }
  return Object.freeze(calls) as CallsOf<Methods>;
}
