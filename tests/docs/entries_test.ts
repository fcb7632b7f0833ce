import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { exports, tasks } = JSON.parse(
  readFileSync(new URL("../../deno.json", import.meta.url), "utf8"),
) as {
  readonly exports: Readonly<Record<string, string>>;
  readonly tasks: { readonly lint: string; readonly doc: string };
};

for (const name of ["lint", "doc"] as const) {
  test(`deno task ${name} reads the documentation of every entry`, () => {
    const [, command = ""] = /deno doc (.*)$/.exec(tasks[name]) ?? [];
    assertEquals(
      command.split(" ").filter((word) => !word.startsWith("--")).sort(),
      Object.values(exports).map((path) => path.replace("./", "")).sort(),
    );
  });
}
