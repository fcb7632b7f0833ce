import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { commandOf } from "./support/runtimes.ts";

test("every regular expression of the module is linear in its input", () => {
  const [command, ...first] = commandOf("deno");
  const script = fileURLToPath(new URL("../scripts/regular_expressions.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(command, [...first, "run", "-A", "--quiet", script]);
  assertEquals([status, `${stderr}`], [0, ""], `${stdout}`);
});
