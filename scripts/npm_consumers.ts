/**
 * Compiles user code against the package in `npm/`, as strictly as bundlers' templates do, with the oldest
 * supported TypeScript and a new one; and checks that a bundle keeps the required modules.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
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
    await checkBundle(folder);
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

/** Without the codec's compiler everything works at half the speed, so its absence would go unnoticed. */
async function checkBundle(folder: string): Promise<void> {
  const entry = `import { encode, u32, vec } from "@hardlight/hardlight/codec";
if (typeof Deno === "undefined") console.log(encode(vec(u32), [1]).length);`;
  await writeFile(join(folder, "bundled.js"), entry);
  const args = ["esbuild", "bundled.js", "--bundle", "--format=esm", "--platform=node"];
  const { stdout, status } = spawnSync("npx", args, { cwd: folder, encoding: "utf8" });
  if (status !== 0 || !stdout.includes("new Function(")) {
    console.error("A bundle of ./codec has lost its compiler: see sideEffects");
    process.exit(1);
  }
  console.log("A bundle of ./codec has its compiler");
}
