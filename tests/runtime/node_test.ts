/** Runs on Node the tests of `serve()` with its own HTTP. */
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { commandOf } from "../support/runtimes.ts";

/** Globals that the tests use, and that Node has from version 22. */
const NEWER = `Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};`;

for (const name of ["plain_http_test", "node_server_test", "serve_fails_test"]) {
  test(`${name} passes on Node`, { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "hardlight-"));
    try {
      const source = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
      const bundle = join(folder, `${name}.mjs`);
      const [bun, ...first] = commandOf("bun");
      const built = spawnSync(bun, [
        ...first,
        "build",
        "--target",
        "node",
        source,
        "--outfile",
        bundle,
      ], { encoding: "utf8" });
      assertEquals(built.status, 0, built.stderr);
      const newer = `data:text/javascript,${encodeURIComponent(NEWER)}`;
      // A test inside a test would tell of itself to the outer one.
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { stdout, status } = spawnSync(
        "node",
        ["--import", newer, "--test", "--test-reporter", "tap", bundle],
        { encoding: "utf8", env },
      );
      const failed = stdout.split("\n").filter((line) => /^ *not ok/.test(line));
      assertEquals([status, failed], [0, []], stdout);
      assert(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) > 3, stdout);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
