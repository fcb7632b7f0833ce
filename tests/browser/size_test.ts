import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { commandOf } from "../support/runtimes.ts";

test("a page's client is within its budget, with the counter and with more, and holds nothing it does not use", () => {
  const [command, ...first] = commandOf("deno");
  const script = fileURLToPath(new URL("../../scripts/size.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    command,
    [...first, "run", "-A", "--quiet", script],
    {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  assertEquals([status, stderr], [0, ""]);
  for (const page of ["counter", "streaming", "small", "rich"]) {
    assertMatch(stdout, new RegExp(`client, ${page}: [0-9]+ bytes minified, [0-9]+ gzipped`));
  }
});
