/**
 * Packages of `../package.json`, which nothing else of this repository depends on.
 *
 * @module
 */
import manifest from "../package.json" with { type: "json" };

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
