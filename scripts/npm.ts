/**
 * Writes the package for npm to `npm/`: each module as JavaScript with its types, nothing bundled, so that
 * a bundler takes what is used. Checks it with publint and arethetypeswrong.
 *
 * `./client` is what `./browser` is to bundlers that build for browsers.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = `${ROOT}npm`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
}

const { name, version, license, exports } = JSON.parse(
  await readFile(`${ROOT}deno.json`, "utf8"),
) as Manifest;

const CONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["esnext", "dom", "dom.iterable"],
    module: "nodenext",
    rewriteRelativeImportExtensions: true,
    declaration: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: ["node"],
    noCheck: true,
    rootDir: "..",
    outDir: ".",
  },
  files: Object.values(exports).map((file) => `../${file.slice(2)}`),
};

function run(cwd: string, command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (status !== 0) {
    console.error(`${command} ${args.join(" ")} ended with ${status}`);
    process.exit(1);
  }
}

/** Declarations name what they import as `.ts`; Node wants `.js`. */
async function renameImports(folder: string): Promise<void> {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = `${folder}/${file}`;
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/((?:from|import\() ?"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

function target(file: string): { types: string; default: string } {
  const stem = file.replace(/\.ts$/, "");
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}

function repository(): object {
  const { GITHUB_REPOSITORY } = process.env;
  if (GITHUB_REPOSITORY === undefined) return {};
  return { repository: { type: "git", url: `git+https://github.com/${GITHUB_REPOSITORY}.git` } };
}

// The types of Node, which declarations name.
run(ROOT, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error");
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
await writeFile(
  `${OUT}/package.json`,
  JSON.stringify(
    {
      name,
      version,
      license,
      description:
        "Binary WebSocket RPC with events and connection state; speaks to Rust's hardlight.",
      keywords: ["rpc", "websocket", "rkyv", "realtime"],
      // A workflow knows it, and provenance compares it.
      ...repository(),
      type: "module",
      sideEffects: ["./server.js", "./memory.js"],
      engines: { node: ">=20" },
      exports: Object.fromEntries(
        Object.entries(exports).map(([entry, file]) => [
          entry,
          entry === "./client"
            ? { browser: target("./browser.ts"), ...target(file) }
            : target(file),
        ]),
      ),
      publishConfig: { access: "public", provenance: true },
    },
    null,
    2,
  ) + "\n",
);
await writeFile(`${OUT}/tsconfig.json`, JSON.stringify(CONFIG));
run(OUT, "npx", "-y", "-p", "typescript@5.9.3", "tsc", "-p", "tsconfig.json");
await rm(`${OUT}/tsconfig.json`);
await renameImports(OUT);
for (const file of ["README.md", "LICENSE", "CHANGELOG.md"]) {
  await cp(`${ROOT}${file}`, `${OUT}/${file}`).catch(() => {});
}
run(OUT, "npx", "-y", "publint@0.3.25", "--strict");
run(OUT, "npx", "-y", "@arethetypeswrong/cli@0.18.5", "--pack", ".", "--profile", "esm-only");
