/**
 * {@linkcode buildForNode}: Node does not run TypeScript, so scripts are bundled for it, and `ws` is fetched.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

let folder: string | undefined;

/**
 * Bundle a script of this folder; returns the path of the bundle, which is at the same place in another folder. The
 * first call fetches `ws`, and further packages.
 */
export function buildForNode(script: string, ...packages: readonly string[]): string {
  if (folder === undefined) {
    folder = mkdtempSync(`${tmpdir()}/hardlight-bench-`);
    const install = ["install", "--silent", "--no-audit", "--prefix", folder];
    execFileSync("npm", [...install, "ws@8.23.0", ...packages]);
  }
  const out = `${folder}/${script.replace(/\.ts$/, ".mjs")}`;
  const flags = ["--bundle", "--format=esm", "--platform=node", "--target=node20"];
  execFileSync("deno", [
    "run",
    "-A",
    "npm:esbuild@0.28.2",
    fileURLToPath(new URL(script, import.meta.url)),
    ...flags,
    "--external:ws",
    "--log-level=error",
    `--outfile=${out}`,
  ]);
  return out;
}

/** Delete the bundles. */
export function removeBuilt(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
}
