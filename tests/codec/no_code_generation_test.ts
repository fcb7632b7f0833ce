import { assertEquals, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { canGenerate } from "../../codec/compiler.ts";
import { decode, encode, string, struct, u32, validate, vec } from "../../codec/mod.ts";

const MODULE = new URL("../../codec/mod.ts", import.meta.url).href;
const COMPILER = new URL("../../codec/compiler.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

const PROGRAM = `
  const { decode, encode, struct, string, u32, vec, map, view } = await import("${MODULE}");
  const { canGenerate } = await import("${COMPILER}");
  const schema = struct({ id: u32, names: vec(string), byId: map(u32, string) });
  const value = { id: 7, names: ["a", "a name that is long"], byId: new Map([[1, "one"]]) };
  const archive = encode(schema, value);
  const same = JSON.stringify(decode(schema, archive)) === JSON.stringify(value);
  console.log(canGenerate(), same, view(schema, archive).byId.get(1));
`;

// Only V8 has the flag: Bun runs this test too, by the Deno on the PATH.
const FLAG = "--v8-flags=--disallow-code-generation-from-strings";
const missing = spawnSync("deno", ["--version"]).status !== 0;

test("the codec works where no code may be generated", { skip: missing && "no deno" }, () => {
  const { stdout, stderr } = spawnSync(
    "deno",
    ["eval", "--quiet", "--config", CONFIG, FLAG, PROGRAM],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  assertEquals(stdout.trim(), "false true one", stderr);
});

test("the codec works where no code may be generated any more", () => {
  const Original = globalThis.Function;
  const schema = struct({ id: u32, names: vec(string) });
  const value = { id: 7, names: ["a", "a name that is long"] };
  try {
    assertEquals(canGenerate(), true);
    // As in a Worker at Cloudflare after its start.
    // No class: Bun leaves the `new` before Function out.
    globalThis.Function = function () {
      throw new EvalError("Code generation from strings disallowed for this context");
    } as never;
    const archive = encode(schema, value);
    assertEquals(decode(schema, archive), value);
    validate(schema, archive);
    assertThrows(() => new Function("return 1"), EvalError);
  } finally {
    globalThis.Function = Original;
  }
});
