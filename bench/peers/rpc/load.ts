/**
 * Packages of `../package.json`, which nothing else of this repository depends on.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import manifest from "../package.json" with { type: "json" };

const versions: Readonly<Record<string, string>> = manifest.dependencies;

/** The version of a package that is measured. */
export function versionOf(name: string): string {
  return versions[name] ?? "";
}

/** Deno loads packages by name and version, Bun and Node from `node_modules`. */
export async function load(name: string, path = ""): Promise<any> {
  const byVersion = "Deno" in globalThis;
  return await import(
    byVersion ? `npm:${name}@${versionOf(name)}${path}` : name + path
  );
}
