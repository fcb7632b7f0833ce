/**
 * The published modules, by layer, and what ARCHITECTURE.md says of them.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The text of a file. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The layers that each layer may import, besides itself: ARCHITECTURE.md has the table. */
export const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map(
  [...read("ARCHITECTURE.md").split("\n## ").find((part) => part.startsWith("Layers"))!.matchAll(
    /^\| ((?:`\w+\/`,? ?)+) +\| ([^|]*?) +\|/gm,
  )].flatMap(
    ([, layers, allowed]) => named(layers!).map((layer) => [layer, named(allowed!)] as const),
  ),
);

function named(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)\/?`/g)].map(([, name]) => name!);
}

/** Layers that name no runtime and import nothing of one. */
export const CORE: readonly string[] = [
  "codec",
  "deflate",
  "tls",
  "wire",
  "stream",
  "service",
  "server",
  "client",
];

/** What joins the parts, at the root, and what it loads when asked for more; no layer imports them. */
export const ENTRIES: readonly string[] = [
  ...Object.values((JSON.parse(read("deno.json")) as { exports: Record<string, string> }).exports),
  "./page_extras.ts",
].map((path) => path.slice(2)).filter((path) => !path.includes("/"));

/** The modules of a layer. */
export function sources(layer: string): string[] {
  return (readdirSync(join(ROOT, layer), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${layer}/${name}`.replaceAll("\\", "/"));
}

/** Every module that is published. */
export const PUBLISHED: readonly string[] = [...ENTRIES, ...[...ALLOWED.keys()].flatMap(sources)];
