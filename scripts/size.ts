/**
 * Bundles a page's client with the counter's service, and fails if it is over its budget, has grown, or
 * holds what a page has no use for.
 *
 * What counts is what a page loads by itself: what is fetched only when it is asked for (a compression
 * level, telemetry) is printed beside it. `--modules` lists where the bytes are; `--write` records the
 * size that must not be passed.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, stop } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Bytes after minification and gzip: where this is to end. */
const BUDGET_BYTES = 8192;

/** Holds the bytes that must not be passed meanwhile. */
const RECORD = new URL("size.json", import.meta.url);
/** Other versions of esbuild and zlib may differ by this much. */
const SLACK_BYTES = 32;

const ENTRY = `
  import { connect } from "./browser.ts";
  import { Counter } from "./examples/counter/service.ts";
  globalThis.client = await connect(Counter, location.href);
`;

/** What of the folders with something for everyone the counter does use: all else must be gone. */
const USED: readonly string[] = [
  "codec/archive.ts",
  "codec/bytes.ts",
  "codec/convert.ts",
  "codec/default.ts",
  "codec/errors.ts",
  "codec/fields.ts",
  "codec/integers.ts",
  "codec/layout.ts",
  "codec/reader.ts",
  "codec/scalars.ts",
  "codec/schema.ts",
  "codec/signature.ts",
  "codec/sums.ts",
  "codec/variants.ts",
  "codec/writer.ts",
  "deflate/stored_blocks.ts",
  "runtime/browser.ts",
  "runtime/page_clock.ts",
  "runtime/stored_framing.ts",
];

const { outputFiles, metafile } = await build({
  stdin: { contents: ENTRY, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  external: ["node:*"],
  outdir: "/",
  write: false,
  metafile: true,
});
await stop();

/** An output, and those it imports before it runs. */
function loadedWith(path: string, loaded: Set<string> = new Set()): Set<string> {
  loaded.add(path);
  for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
    if (kind === "import-statement" && !external && !loaded.has(next)) loadedWith(next, loaded);
  }
  return loaded;
}

function sizeOf(paths: Iterable<string>): { minified: number; gzipped: number } {
  const size = { minified: 0, gzipped: 0 };
  for (const path of paths) {
    const file = outputFiles.find((each) => each.path.endsWith(path.replace(/^[./]*/, "/")));
    if (file === undefined) throw new Error(`esbuild wrote no ${path}`);
    size.minified += file.contents.length;
    size.gzipped += gzipSync(file.contents, { level: 9 }).length;
  }
  return size;
}

function modulesOf(paths: Iterable<string>): [string, number][] {
  return [...paths].flatMap((path) =>
    Object.entries(metafile.outputs[path]?.inputs ?? {}).map((
      [file, { bytesInOutput }],
    ): [string, number] => [file, bytesInOutput])
  ).filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
}

const entry = Object.keys(metafile.outputs).find((path) =>
  metafile.outputs[path]?.entryPoint === "<stdin>"
);
if (entry === undefined) throw new Error("esbuild wrote nothing");
const first = loadedWith(entry);
const { minified, gzipped } = sizeOf(first);
const modules = modulesOf(first);

if (process.argv.includes("--modules")) {
  for (const [file, bytes] of modules) console.log(`${String(bytes).padStart(6)}  ${file}`);
}

const wrong: string[] = [];
const loaded = new Set(modules.map(([file]) => file));
for (const [file, bytes] of modules) {
  const isSorted = /^(?:codec|deflate|runtime)\//.test(file);
  if ((isSorted && !USED.includes(file)) || file.endsWith("telemetry.ts")) {
    wrong.push(`${file} is loaded: ${bytes} bytes`);
  }
}
for (const file of USED) {
  if (!loaded.has(file)) wrong.push(`${file} is not loaded: take it out of what is used`);
}
for (const [path, { imports }] of Object.entries(metafile.outputs)) {
  for (const { path: name } of imports) {
    if (name.startsWith("node:")) wrong.push(`${path} imports ${name}`);
  }
}

console.log(`a page's client: ${minified} bytes minified, ${gzipped} gzipped`);
for (const { path, kind, external } of metafile.outputs[entry]?.imports ?? []) {
  if (kind !== "dynamic-import" || external) continue;
  const more = [...loadedWith(path)].filter((each) => !first.has(each));
  const size = sizeOf(more);
  const name = metafile.outputs[path]?.entryPoint;
  console.log(`${name}, when asked for: ${size.minified} minified, ${size.gzipped} gzipped`);
}

if (process.argv.includes("--write")) await writeFile(RECORD, `{ "gzippedBytes": ${gzipped} }\n`);
const { gzippedBytes } = JSON.parse(await readFile(RECORD, "utf8")) as { gzippedBytes: number };
if (gzipped > gzippedBytes + SLACK_BYTES) {
  wrong.push(`it has grown from ${gzippedBytes} bytes: make it smaller, or record it with --write`);
}
if (gzipped > BUDGET_BYTES) {
  const over = `${gzipped - BUDGET_BYTES} bytes over the budget of ${BUDGET_BYTES}`;
  if (process.argv.includes("--record")) console.log(over);
  else wrong.push(over);
}
for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
