/**
 * Which runtime this is, and the oldest of each that this module runs on.
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

/** Major and minor version. `deno task minimums` runs the core of the tests on each. */
export const OLDEST: Readonly<Record<Exclude<RuntimeName, "browser">, readonly [number, number]>> =
  // Deno 2.5 to 2.7: one malformed upgrade ends a server; before, no connection opens or is trusted.
  // Node before 20.4 has no `Symbol.asyncDispose`: `await using` fails.
  { deno: [2, 8], bun: [1, 4], node: [20, 4] };

/** Why this module cannot run on a version, `undefined` if it can, or if nothing is known of it. */
export function whyTooOld(name: RuntimeName, version: string): string | undefined {
  if (name === "browser") return undefined;
  const [oldestMajor, oldestMinor] = OLDEST[name];
  const [major = NaN, minor = NaN] = version.split(".").map(Number);
  const tooOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  if (!tooOld) return undefined;
  const title = { deno: "Deno", bun: "Bun", node: "Node" }[name];
  return `Cannot run on ${title} ${version}: ${title} ${oldestMajor}.${oldestMinor} or later is needed`;
}

/** @throws {TypeError} If the running runtime is older than this module can do with. */
export function checkRuntime(): void {
  const name = runtimeName();
  const globals = globalThis as {
    readonly Deno?: { readonly version: { readonly deno: string } };
    readonly Bun?: { readonly version: string };
    readonly process?: { readonly versions?: { readonly node?: string } };
  };
  const version = globals.Deno?.version.deno ?? globals.Bun?.version ??
    globals.process?.versions?.node;
  const why = whyTooOld(name, version ?? "");
  if (why !== undefined) throw new TypeError(why);
}
