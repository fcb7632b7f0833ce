/**
 * {@linkcode missingPackages}: which packages of this folder are not installed.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";

/** The dependencies of the package in a folder, a URL that ends with `/`, that its `node_modules` does not have. */
export function missingPackages(folder: URL): string[] {
  const { dependencies } = JSON.parse(
    readFileSync(new URL("package.json", folder), "utf8"),
  ) as { readonly dependencies: Readonly<Record<string, string>> };
  return Object.keys(dependencies).filter((name) =>
    !existsSync(new URL(`node_modules/${name}/package.json`, folder))
  );
}
