/**
 * Writes the package for npm to `npm/`: each module as JavaScript with its types, nothing bundled, so that
 * a bundler can drop unused code. Checks it with publint and arethetypeswrong.
 *
 * Bundlers that build for browsers get `./browser` for `./client`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkConsumers } from "./npm_consumers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = `${ROOT}npm`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

const { name, version, description, license, exports, publish } = JSON.parse(
  await readFile(`${ROOT}deno.json`, "utf8"),
) as Manifest;

const CONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["esnext", "dom", "dom.iterable"],
    module: "nodenext",
    rewriteRelativeImportExtensions: true,
    declaration: true,
    declarationMap: true,
    sourceMap: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: ["node"],
    noCheck: true,
    // Maps name the sources, which are in the package.
    rootDir: "src",
    outDir: ".",
  },
  files: Object.values(exports).map((file) => `src/${file.slice(2)}`),
};

function run(cwd: string, command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (status !== 0) {
    console.error(`${command} ${args.join(" ")} ended with ${status}`);
    process.exit(1);
  }
}

/** Fixes the compiler's declarations. */
async function mendDeclarations(folder: string): Promise<void> {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = `${folder}/${file}`;
    // They import `.ts`; Node needs `.js`.
    let text = (await readFile(path, "utf8"))
      .replace(/((?:from|import\() ?"\.[^"]*)\.ts"/g, '$1.js"');
    // A bundler's template does not include these `lib`s.
    if (/AsyncDisposable|asyncDispose/.test(text)) {
      text = `/// <reference lib="esnext.disposable" />\n${text}`;
    }
    await writeFile(path, text);
  }
}

function target(file: string): { types: string; default: string } {
  const stem = file.replace(/\.ts$/, "");
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}

/** The repository of the package: a workflow sets it, and provenance compares it. */
function origin(): object {
  const { GITHUB_REPOSITORY } = process.env;
  if (GITHUB_REPOSITORY === undefined) {
    console.warn("No GITHUB_REPOSITORY: the package names no repository, homepage or bugs");
    return {};
  }
  const home = `https://github.com/${GITHUB_REPOSITORY}`;
  return {
    repository: { type: "git", url: `git+${home}.git` },
    homepage: `${home}#readme`,
    bugs: `${home}/issues`,
  };
}

// The types of Node, which the declarations refer to.
run(ROOT, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error");
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
for (const name of publish.include) {
  if (/\.(?:md|json)$|^LICENSE$/.test(name)) continue;
  await cp(`${ROOT}${name}`, `${OUT}/src/${name}`, { recursive: true });
}
await writeFile(
  `${OUT}/package.json`,
  JSON.stringify(
    {
      name,
      version,
      license,
      description,
      keywords: ["rpc", "websocket", "rkyv", "realtime"],
      ...origin(),
      type: "module",
      // No module does anything but declare: `tests/architecture_test.ts`.
      sideEffects: false,
      engines: { node: "^20.16 || >=22.3" },
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
await mendDeclarations(OUT);
for (const file of ["README.md", "LICENSE", "CHANGELOG.md"]) {
  await cp(`${ROOT}${file}`, `${OUT}/${file}`).catch(() => {});
}
run(OUT, "npx", "-y", "publint@0.3.25", "--strict");
run(OUT, "npx", "-y", "@arethetypeswrong/cli@0.18.5", "--pack", ".", "--profile", "esm-only");
await checkConsumers(ROOT, OUT);
