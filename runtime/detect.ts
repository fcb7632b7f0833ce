/**
 * Which runtime this is.
 *
 * @module
 */

/** A runtime this module knows. Anything with a `WebSocket` and no more counts as a browser. */
export type RuntimeName = "deno" | "bun" | "node" | "browser";

/** The running runtime. */
export function runtimeName(): RuntimeName {
  const globals = globalThis as {
    readonly Deno?: { readonly version?: unknown };
    readonly Bun?: { readonly version?: unknown };
    readonly process?: { readonly versions?: { readonly node?: unknown } };
  };
  // In this order: Deno and Bun have Node's `process` too.
  if (globals.Deno?.version !== undefined) return "deno";
  if (globals.Bun?.version !== undefined) return "bun";
  return globals.process?.versions?.node === undefined ? "browser" : "node";
}
