/**
 * Bundles a page's client with four services. Fails if one is over its budget, or if the counter's bundle has
 * modules that a page does not need.
 *
 * The budget counts the modules that a page loads at its start. Modules loaded on demand (checks of options, a
 * compression level, telemetry) are printed separately. `--modules` lists the bytes of the counter's modules, and
 * how many gzipped bytes fewer its bundle has without each; `--concerns` does so for all modules of a concern.
 *
 * Fails, too, if ARCHITECTURE.md or docs/browser.md tells other bytes than these, by more than a twentieth; `--write`
 * puts them right.
 *
 * For a page over its budget, `size.json` records the present size as its limit, to the byte: esbuild's version is
 * fixed, and another Deno's zlib is a reason for `--write`, which updates it, and removes pages within their budgets.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, type Metafile, type OutputFile, stop } from "esbuild";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import {
  type Added,
  CONCERNS,
  corrected,
  correctedPage,
  type Part,
  partsOf,
  type Sizes,
} from "./size_parts.ts";

/** A page. */
interface Page {
  /** Where its service is declared. */
  readonly file: string;
  /** The name of its export there. */
  readonly service: string;
  /** Bytes after minification and gzip. */
  readonly budgetBytes: number;
}

/** The measured pages, by name. */
const PAGES: Readonly<Record<string, Page>> = {
  counter: { file: "examples/counter/service.ts", service: "Counter", budgetBytes: 9_000 },
  streaming: { file: "scripts/pages/streaming.ts", service: "Watched", budgetBytes: 10_500 },
  small: { file: "scripts/pages/small.ts", service: "Small", budgetBytes: 10_300 },
  rich: { file: "scripts/pages/rich.ts", service: "Rich", budgetBytes: 14_600 },
};

/** The present bytes of pages over their budgets, which must not grow. */
const RECORD = new URL("size.json", import.meta.url);

/** Where the bytes of a page and of its parts are told. */
const TEXT = new URL("../ARCHITECTURE.md", import.meta.url);
const PAGE_TEXT = new URL("../docs/browser.md", import.meta.url);

/** The modules of shared folders that the counter uses: all others must be absent. */
const USED: readonly string[] = [
  "codec/archive.ts",
  "codec/bytes.ts",
  "codec/errors.ts",
  "codec/struct.ts",
  "codec/integers.ts",
  "codec/layout.ts",
  "codec/reader.ts",
  "codec/scalars.ts",
  "codec/schema.ts",
  "codec/signature.ts",
  "codec/sums.ts",
  "codec/utf8.ts",
  "codec/writer.ts",
  "codec/zero.ts",
  "deflate/stored_blocks.ts",
  "runtime/browser.ts",
];

/** A page's bundle. */
interface Bundle {
  readonly outputFiles: readonly OutputFile[];
  readonly metafile: Metafile;
  /** The output that a page begins with. */
  readonly entry: string;
  /** That, and those it imports before it runs. */
  readonly first: ReadonlySet<string>;
}

async function bundle({ file, service }: Page): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `
        import { connect } from "./browser.ts";
        import { ${service} } from "./${file}";
        globalThis.client = await connect(${service}, location.href);
      `,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
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
  const entry = Object.keys(metafile.outputs).find((path) =>
    metafile.outputs[path]?.entryPoint === "<stdin>"
  );
  if (entry === undefined) throw new Error("esbuild wrote nothing");
  return { outputFiles, metafile, entry, first: loadedWith(metafile, entry) };
}

/** An output, and those it imports before it runs. */
function loadedWith(
  metafile: Metafile,
  path: string,
  loaded: Set<string> = new Set(),
): Set<string> {
  loaded.add(path);
  for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
    if (kind === "import-statement" && !external && !loaded.has(next)) {
      loadedWith(metafile, next, loaded);
    }
  }
  return loaded;
}

/** A text with other random letters in the names of chunks: esbuild's depend on modules that a page loads later. */
function withFixedNames(text: string): string {
  const names = new Map<string, string>();
  return text.replaceAll(/(?<=-)[0-9A-Z]{8}(?=\.js")/g, (name) => {
    const digits = createHash("sha256").update(`${names.size}`).digest("hex").slice(0, 10);
    if (!names.has(name)) {
      names.set(name, parseInt(digits, 16).toString(32).padStart(8, "0").toUpperCase());
    }
    return names.get(name)!;
  });
}

function sizeOf(
  { outputFiles }: Bundle,
  paths: Iterable<string>,
): { minified: number; gzipped: number } {
  const size = { minified: 0, gzipped: 0 };
  for (const path of paths) {
    const file = outputFiles.find((each) => each.path.endsWith(path.replace(/^[./]*/, "/")));
    if (file === undefined) throw new Error(`esbuild wrote no ${path}`);
    size.minified += file.contents.length;
    size.gzipped += gzipSync(withFixedNames(file.text), { level: 9 }).length;
  }
  return size;
}

/** The modules of some outputs, with their bytes there. */
function modulesOf({ metafile }: Bundle, paths: Iterable<string>): [string, number][] {
  return [...paths].flatMap((path) =>
    Object.entries(metafile.outputs[path]?.inputs ?? {}).map((
      [file, { bytesInOutput }],
    ): [string, number] => [file, bytesInOutput])
  ).filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
}

/** What the counter's bundle is made of, by file or by concern. */
function partsIn(
  { outputFiles, metafile, entry }: Bundle,
  nameOf: (file: string) => string,
): Part[] {
  const { text } = outputFiles.find(({ path }) => path.endsWith(entry.replace(/^[./]*/, "/")))!;
  const modules = Object.entries(metafile.outputs[entry]!.inputs);
  return partsOf(text, modules.map(([file, { bytesInOutput }]) => [file, bytesInOutput]), nameOf);
}

function print(parts: readonly Part[]): void {
  for (const { name, minified, gzipped } of parts) {
    console.log(`${String(minified).padStart(6)} ${String(gzipped).padStart(6)}  ${name}`);
  }
}

const concernOf = (file: string): string =>
  CONCERNS.find(([, files]) => files.test(file))?.[0] ?? file;

/** Modules that the counter's page does not need, or that are listed as used and are not. */
function strangersIn(counter: Bundle): string[] {
  const wrong: string[] = [];
  const modules = modulesOf(counter, counter.first);
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
  for (const [path, { imports }] of Object.entries(counter.metafile.outputs)) {
    for (const { path: name } of imports) {
      if (name.startsWith("node:")) wrong.push(`${path} imports ${name}`);
    }
  }
  return wrong;
}

/** What the pages load on demand: gzipped bytes by file. */
const lazy = new Map<string | undefined, number>();

/** Print the modules that a page loads on demand, and no page before it. */
function printLazy(page: Bundle): void {
  const { metafile, first } = page;
  for (
    const { path, kind, external } of Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports
    )
  ) {
    const name = metafile.outputs[path]?.entryPoint;
    if (kind !== "dynamic-import" || external || lazy.has(name)) continue;
    const more = [...loadedWith(metafile, path)].filter((each) => !first.has(each));
    const { minified, gzipped } = sizeOf(page, more);
    lazy.set(name, gzipped);
    console.log(`${name}, when asked for: ${minified} minified, ${gzipped} gzipped`);
  }
}

const wrong: string[] = [];
const recorded = JSON.parse(await readFile(RECORD, "utf8")) as Record<string, number>;
const over: Record<string, number> = {};
const sizes: Record<string, number> = {};
const parts: Part[] = [];
let minifiedBytes = 0;
for (const [name, page] of Object.entries(PAGES)) {
  const bundled = await bundle(page);
  const { minified, gzipped } = sizeOf(bundled, bundled.first);
  const { budgetBytes } = page;
  sizes[name] = gzipped;
  if (gzipped > budgetBytes) over[name] = gzipped;
  if (name === "counter") {
    parts.push(...partsIn(bundled, concernOf));
    minifiedBytes = minified;
    if (process.argv.includes("--modules")) print(partsIn(bundled, (file) => file));
    if (process.argv.includes("--concerns")) print(parts);
    wrong.push(...strangersIn(bundled));
  }
  printLazy(bundled);
  const before = recorded[name];
  const held = before === undefined ? "" : `; over it, and held at ${before}`;
  console.log(
    `a page's client, ${name}: ${minified} bytes minified, ${gzipped} gzipped, of ${budgetBytes}${held}`,
  );
  if (gzipped > (before ?? budgetBytes) && !process.argv.includes("--write")) {
    wrong.push(
      before === undefined
        ? `${name} is ${gzipped - budgetBytes} bytes over its budget`
        : `${name} has grown from ${before} bytes: make it smaller`,
    );
  }
}
await stop();
const said = corrected(await readFile(TEXT, "utf8"), parts, minifiedBytes, sizes as Sizes);
const added: Added = {
  options: lazy.get("page_extras.ts") ?? 0,
  compression: lazy.get("runtime/deflating.ts") ?? 0,
  reading: sizes.streaming! - sizes.counter!,
  sending: lazy.get("stream/outlet.ts") ?? 0,
};
const pageSaid = correctedPage(await readFile(PAGE_TEXT, "utf8"), added);
if (process.argv.includes("--write")) {
  await writeFile(TEXT, said.text);
  await writeFile(PAGE_TEXT, pageSaid.text);
  const entries = Object.entries(over).map(([name, bytes]) => ` "${name}": ${bytes}`);
  await writeFile(RECORD, entries.length === 0 ? "{}\n" : `{${entries} }\n`);
} else {
  wrong.push(...[...said.wrong, ...pageSaid.wrong].map((line) => `${line}: --write puts it right`));
}
for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
