/**
 * Packages of `../package.json`, which nothing else of this repository depends on.
 *
 * @module
 */
import process from "node:process";
import manifest from "../package.json" with { type: "json" };

// The add-ons of ws and msgpackr are for Node alone, and end the process elsewhere.
if (process.versions["bun"] !== undefined || "Deno" in globalThis) {
  process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
  process.env["WS_NO_BUFFER_UTIL"] = "true";
}

const versions: Readonly<Record<string, string>> = manifest.dependencies;

/** The version of a package that is measured. */
export function versionOf(name: string): string {
  return versions[name] ?? "";
}

/**
 * Deno loads packages by name and version, Bun and Node from `node_modules`.
 *
 * @typeParam Used The part of the package that is used.
 */
export async function load<Used>(name: string, path = ""): Promise<Used> {
  const byVersion = "Deno" in globalThis;
  return await import(
    byVersion ? `npm:${name}@${versionOf(name)}${path}` : name + path
  );
}
