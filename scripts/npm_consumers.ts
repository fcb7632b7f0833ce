/**
 * Compiles user code against the package in `npm/`, as strictly as bundlers' templates do, with the oldest
 * supported TypeScript and a new one; and checks that bundlers may drop what is not used.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { filesOf, textOf } from "../tests/docs/markdown.ts";

/** The oldest TypeScript that supports `Uint8Array<ArrayBuffer>`, and a new one. */
const VERSIONS = ["5.7.3", "5.9.3"] as const;

const TEMPLATE = {
  target: "es2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  module: "esnext",
  moduleResolution: "bundler",
  allowImportingTsExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: [] as string[],
};

/** Files of `tests/package/`, and how each is compiled. */
const CONSUMERS: Readonly<Record<string, Partial<typeof TEMPLATE>>> = {
  "page.ts": {},

  // Types of other packages may fail with the oldest compiler; the page's build checks this module's types.
  "server.ts": { types: ["node", "ws"], skipLibCheck: true },
  "worker.ts": { types: ["@cloudflare/workers-types"], lib: ["ES2022"] },
};

function run(cwd: string, command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} ended with ${status}`);
  process.exit(1);
}

/** Compile all of them against the package in `out`. */
export async function checkConsumers(root: string, out: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hardlight-consumers-"));
  try {
    await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
    await cp(join(root, "tests/package"), folder, { recursive: true });
    run(
      folder,
      "npm",
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--loglevel=error",
      "--install-links",
      out,
      "@types/node@22",
      "@types/ws@8.18.2",
      "@cloudflare/workers-types@5.20261117.1",
      "esbuild@0.28.2",
      "react@19.3.1",
      "react-dom@19.3.1",
      "@types/react@19.3.3",
      "@types/react-dom@19.3.0",
    );
    for (const version of VERSIONS) {
      for (const [file, options] of Object.entries(CONSUMERS)) {
        const config = { compilerOptions: { ...TEMPLATE, ...options }, files: [file] };
        await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
        run(folder, "npx", "-y", "-p", `typescript@${version}`, "tsc", "-p", "tsconfig.json");
        console.log(`tests/package/${file} compiles with TypeScript ${version}`);
      }
    }
    await checkGettingStarted(folder);
    await checkBundles(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The files of `docs/getting-started.md`, by its own settings. */
async function checkGettingStarted(folder: string): Promise<void> {
  const inside = join(folder, "getting-started");
  await mkdir(inside);
  for (const [name, code] of filesOf(textOf("docs/getting-started.md"))) {
    await writeFile(join(inside, name), code);
  }
  for (const version of VERSIONS) {
    run(inside, "npx", "-y", "-p", `typescript@${version}`, "tsc", "-p", "tsconfig.json");
    console.log(`docs/getting-started.md compiles with TypeScript ${version}`);
  }
}

/** Imports each module and its bundle: they must export the same, and touch no global. */
const COMPARE = `
import { readdirSync } from "node:fs";
import { inspect } from "node:util";
const globals = () =>
  Object.getOwnPropertyNames(globalThis).sort().map((name) => {
    const value = globalThis[name]; // Node makes some of them now
    const inner = typeof value === "function" ? [value, value.prototype ?? {}] : [];
    return name + inner.map((part) => Reflect.ownKeys(part).map(String).join());
  }).join("\\n");
Error.stackTraceLimit = 0; // stacks name the file
globals();
const before = globals();
const [modules, bundles] = process.argv.slice(2);
const shown = async (file) => inspect({ ...await import(file) }, { depth: 6, maxArrayLength: null });
let count = 0;
for (const file of readdirSync(bundles, { recursive: true })) {
  if (!file.endsWith(".js")) continue;
  count++;
  if (await shown(modules + "/" + file) === await shown(bundles + "/" + file)) continue;
  console.error(file + " exports something else when it is bundled");
  process.exitCode = 1;
}
if (globals() !== before) {
  console.error("An import has changed a global");
  process.exitCode = 1;
}
if (!process.exitCode) console.log(count + " modules export the same when they are bundled, and change no global");
`;

/**
 * `sideEffects: false` lets a bundler drop any module of which nothing is used. Without the codec's compiler
 * everything would work at half the speed, so nobody would notice.
 */
async function checkBundles(folder: string): Promise<void> {
  const from = join(folder, "node_modules/@hardlight/hardlight");
  const modules = ((await readdir(from, { recursive: true })) as string[])
    .filter((file) => file.endsWith(".js"));
  const bundle = [
    "--bundle",
    "--tree-shaking=true",
    "--format=esm",
    "--platform=node",
    "--keep-names",
  ];
  const args = [
    ...modules.map((file) => join(from, file)),
    `--outbase=${from}`,
    "--outdir=bundled",
  ];
  run(folder, "npx", "esbuild", ...args, ...bundle, "--log-level=warning");
  await writeFile(join(folder, "compare.js"), COMPARE);
  run(folder, "node", "compare.js", from, join(folder, "bundled"));
  const text = await readFile(join(folder, "bundled/codec/mod.js"), "utf8");
  if (!text.includes("new Function(")) {
    console.error("A bundle of ./codec has lost its compiler");
    process.exit(1);
  }
}
