/**
 * Bundles a page's client with the counter's service, and fails if it is over its budget or holds what a
 * page has no use for. `--modules` lists where the bytes are.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, stop } from "esbuild";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Bytes after minification and gzip. */
const BUDGET_BYTES = 8192;

const ENTRY = `
  import { connect } from "./browser.ts";
  import { Counter } from "./examples/counter/service.ts";
  globalThis.client = await connect(Counter, location.href);
`;

/** Text that only modules have which the counter does not use. */
const UNUSED: Readonly<Record<string, string>> = {
  "codec/btree_map.ts": "btreeMap",
  "codec/hash_map.ts": "hashMap",
  "codec/sea_hash.ts": "0x16f11fe89b0d677c",
  "codec/net.ts": "socketAddr",
  "codec/rust.ts": "#[derive(",
  "codec/compiler.ts": "new Function",
  "runtime/raw_websocket.ts": "node:",
};

const { outputFiles, metafile } = await build({
  stdin: { contents: ENTRY, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  external: ["node:*"],
  write: false,
  metafile: true,
});
await stop();

const [bundle] = outputFiles;
if (bundle === undefined) throw new Error("esbuild wrote nothing");
const gzipped = gzipSync(bundle.contents, { level: 9 }).length;
const inputs = Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {});

if (process.argv.includes("--modules")) {
  for (
    const [file, { bytesInOutput }] of inputs.sort((a, b) =>
      b[1].bytesInOutput - a[1].bytesInOutput
    )
  ) {
    if (bytesInOutput > 0) console.log(`${String(bytesInOutput).padStart(6)}  ${file}`);
  }
}

const wrong: string[] = [];
for (const [file, text] of Object.entries(UNUSED)) {
  if (bundle.text.includes(text)) wrong.push(`${file} is in the bundle: "${text}"`);
  const input = inputs.find(([name]) => name === file);
  if (input !== undefined && input[1].bytesInOutput > 0) {
    wrong.push(`${file} is in the bundle: ${input[1].bytesInOutput} bytes`);
  }
}
if (gzipped > BUDGET_BYTES) {
  wrong.push(`${gzipped} bytes are ${gzipped - BUDGET_BYTES} over the budget of ${BUDGET_BYTES}`);
}

console.log(`a page's client: ${bundle.contents.length} bytes minified, ${gzipped} gzipped`);
for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
