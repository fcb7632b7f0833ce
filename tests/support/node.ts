/**
 * Runs tests on Node: bundles each to plain JavaScript in a temporary folder, and runs `node --test`. Without
 * arguments it runs the tests of the layers that all runtimes share:
 * `deno task test:node tests/client/client_test.ts`. `HARDLIGHT_NODE` selects another Node than the one on the
 * PATH.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, stop } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The oldest supported Node. */
const TARGET = "node20";
/** Bytes that the tests may write. */
const MAX_OUTPUT = 64 << 20;
const SHARED = [
  "tests/architecture_test.ts",
  "tests/client",
  "tests/codec",
  "tests/e2e",
  "tests/globals_test.ts",
  "tests/limits",
  "tests/model/model_test.ts",
  "tests/server",
  "tests/stream",
  "tests/wire",
];

/** The test files of a path. */
function testFiles(path: string): string[] {
  const from = join(ROOT, path);
  if (!statSync(from).isDirectory()) return [from];
  return (readdirSync(from, { recursive: true }) as string[])
    .filter((name) => name.endsWith("_test.ts")).sort().map((name) => join(from, name));
}

/** Bundle tests into a folder. A test that reads a file of its folder finds it at its original path. */
async function bundle(files: readonly string[], folder: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: folder,
    outbase: ROOT,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: TARGET,
    // CommonJS packages load Node's modules by it.
    banner: {
      js: 'import { createRequire as requireBy } from "node:module";\n' +
        "const require = requireBy(import.meta.url);",
    },
    // A bundled module is not the main program, though newer versions of Node would report so.
    define: { "import.meta.main": "false" },
    sourcemap: "inline",
    metafile: true,
    logLevel: "warning",
    plugins: [{
      // Modules imported with this query, and their imports, are bundled a second time: see second_copy.ts.
      name: "?copy",
      setup({ onResolve, onLoad }) {
        const namespace = "copy";
        onResolve({ filter: /\?copy$/ }, ({ path, resolveDir }) => ({
          path: join(resolveDir, path.slice(0, path.indexOf("?"))),
          namespace,
        }));
        onResolve({ filter: /^\.\.?\//, namespace }, ({ path, importer }) => ({
          path: join(dirname(importer), path),
          namespace,
        }));
        onLoad({ filter: /\.ts$/, namespace }, ({ path }) => ({
          loader: "ts",
          contents: readFileSync(path, "utf8"),
          resolveDir: dirname(path),
        }));
      },
    }, {
      name: "import.meta.url",
      setup({ onLoad }) {
        onLoad({ filter: /\.ts$/ }, ({ path }) => ({
          loader: "ts",
          contents: readFileSync(path, "utf8").replaceAll(
            "import.meta.url",
            JSON.stringify(pathToFileURL(path).href),
          ),
        }));
      },
    }],
  });
  await stop();
  // A dynamically imported module is an output too.
  const tests = Object.entries(metafile.outputs).filter(([, { entryPoint }]) =>
    entryPoint?.endsWith("_test.ts")
  );
  return tests.map(([path]) => join(ROOT, path));
}

/** The relevant part of the "spec" reporter's output: the counts, and the failures. */
function summary(output: string): string {
  const start = output.search(/^ℹ tests /m);
  return start === -1 ? output : output.slice(start);
}

const node = process.env["HARDLIGHT_NODE"] ?? "node";
const paths = process.argv.slice(2);
const files = (paths.length === 0 ? SHARED : paths).flatMap(testFiles);
const folder = mkdtempSync(join(tmpdir(), "hardlight-node-"));
let status: number | null = 1;
try {
  if (!existsSync(join(ROOT, "node_modules/fast-check"))) {
    throw new Error("Cannot bundle for Node: run npm install first");
  }
  const bundled = await bundle(files, folder);
  const ran = spawnSync(
    node,
    ["--enable-source-maps", "--test", "--test-reporter=spec", ...bundled],
    {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
      maxBuffer: MAX_OUTPUT,
    },
  );
  if (ran.error) throw new Error(`Cannot run ${node}`, { cause: ran.error });
  console.log(`${bundled.length} files on ${node}\n${summary(ran.stdout)}`);
  status = ran.status;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status ?? 1);
