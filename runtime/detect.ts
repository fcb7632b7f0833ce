/**
 * Detects the runtime, and defines the oldest supported version of each.
 *
 * @module
 */

/** A known runtime. Any other environment counts as a browser. */
export type RuntimeName = "deno" | "bun" | "node" | "browser";

/** The running runtime and its version. */
function runtime(): [name: RuntimeName, version: string | undefined] {
  const globals = globalThis as {
    readonly Deno?: { readonly version?: { readonly deno: string } };
    readonly Bun?: { readonly version?: string };
    readonly process?: { readonly versions?: { readonly node?: string } };
  };
  // In this order: Deno and Bun have Node's `process` too.
  if (globals.Deno?.version !== undefined) return ["deno", globals.Deno.version.deno];
  if (globals.Bun?.version !== undefined) return ["bun", globals.Bun.version];
  const node = globals.process?.versions?.node;
  return [node === undefined ? "browser" : "node", node];
}

/** The running runtime. */
export function runtimeName(): RuntimeName {
  return runtime()[0];
}

/** Major and minor version. `deno task minimums` runs the core of the tests on each. */
export const OLDEST: Readonly<Record<Exclude<RuntimeName, "browser">, readonly [number, number]>> =
  // On Deno 2.5 to 2.7 a malformed upgrade ends a server; older versions open no connections or trust none.
  // Node before 20.12 may never end a program that has a FinalizationRegistry: UPSTREAM.md. Before 20.16 and 22.3 it
  // has no `process.getBuiltinModule`, which leads to its zlib.
  { deno: [2, 8], bun: [1, 4], node: [20, 16] };

/** Why a version is unsupported; `undefined` if it is supported or unknown. */
export function whyTooOld(name: RuntimeName, version: string): string | undefined {
  if (name === "browser") return undefined;
  const [oldestMajor, oldestMinor] = OLDEST[name];
  const [major = NaN, minor = NaN] = version.split(".").map(Number);
  const isNode = name === "node";
  const tooOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor) ||
    (isNode && (major === 21 || (major === 22 && minor < 3)));
  if (!tooOld) return undefined;
  const title = { deno: "Deno", bun: "Bun", node: "Node" }[name];
  const oldest = `${oldestMajor}.${oldestMinor}${isNode ? ", 22.3" : ""}`;
  return `Cannot run on ${title} ${version}: ${title} ${oldest} or later is needed`;
}

/** @throws {TypeError} If the runtime is older than the oldest supported version. */
export function checkRuntime(): void {
  const [name, version = ""] = runtime();
  const why = whyTooOld(name, version);
  if (why !== undefined) throw new TypeError(why);
}
