import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { aheadOf } from "../../bench/figures_ahead.ts";
import { NAMES, RUNTIMES } from "../../bench/record.ts";
import { reasonOf } from "../../bench/peers/reason.ts";
import { thousands } from "../../bench/statistics.ts";

const ROOT = new URL("../../", import.meta.url);
const source = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** What may be in the name of a run, and what it stands for. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  runtime: RUNTIMES,
  "runtimeId(machine)": RUNTIMES,
  suffix: ["", "-cores-1"],
};

/** The names that a template such as `all-${runtime}${suffix}` has. */
function expanded(template: string): string[] {
  const found = /\$\{([^}]+)\}/.exec(template);
  if (found === null) return [template];
  const parts = PARTS[found[1] ?? ""];
  assert(parts !== undefined, `${template}: is a run of several runtimes in one file?`);
  return parts.flatMap((part) => expanded(template.replace(found[0], part)));
}

/** The names under which the benchmarks keep their runs, call by call. */
function keptNames(): string[][] {
  const files = ["bench/", "bench/peers/"].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith(".ts"))
      .map((name) => folder + name)
  );
  return files.flatMap((path) =>
    [...source(path).matchAll(/\bkeep\(([^;]*?), \{\n/g)].map(([, name = ""]) =>
      [...name.matchAll(/["`]([^"`]+)["`]/g)].flatMap(([, template = ""]) => expanded(template))
    )
  );
}

test("each benchmark that records writes what the report reads", () => {
  const kept = keptNames();
  assert(kept.length >= 10, `${kept.length} benchmarks`);
  for (const names of kept) assert(names.some((name) => NAMES.has(name)), names.join(" or "));
  const all = new Set(kept.flat());
  for (const name of NAMES) assert(all.has(name), `nothing writes ${name}`);
});

test("the report reads each run of the record", () => {
  const figures = readdirSync(new URL("bench/", ROOT)).filter((name) => name.startsWith("figures"))
    .map((name) => source(`bench/${name}`)).join("");
  for (const name of NAMES) {
    const [, base, runtime] = /^(.+?)(?:-(deno|bun|node))?$/.exec(name) ?? [];
    const texts = runtime === undefined ? [`"${base}"`] : [`"${name}"`, `"${base}"`, `\`${base}-`];
    assert(texts.some((text) => figures.includes(text)), `nothing reads ${name}`);
  }
  const files = readdirSync(new URL("bench/record/", ROOT)).filter((name) =>
    name.endsWith(".json")
  );
  assertEquals(files.filter((name) => !NAMES.has(name.replace(".json", ""))), []);
});

test("aheadOf() names those that are ahead, by how much, and no other row of hardlight's", () => {
  const rows = [
    { id: "raw", name: "raw echo", p50X: 1, add16X: 1 },
    { id: "hardlight", name: "hardlight", p50X: 1.2, add16X: 1.5 },
    { id: "hardlight-0", name: "hardlight, level 0", p50X: 1.1, add16X: 1.7 },
    { id: "hono", name: "Hono 4.13.19, JSON by hand", p50X: 1.19, add16X: 30 },
    { id: "elysia", name: "Elysia 1.4.30, JSON by hand", p50X: null, add16X: 1.56 },
  ];
  assertEquals(aheadOf(rows, { of: "p50X", best: "least" }), ["raw echo 1.20×"]);
  assertEquals(aheadOf(rows, { of: "add16X", best: "most" }), ["Hono 20×", "Elysia 1.04×"]);
});

test("thousands() separates millions too", () => {
  assertEquals([7_499, 749_900, 1_213_600].map(thousands), ["7,000", "750,000", "1,214,000"]);
});

test("reasonOf() finds the line that says why a contender does not run", () => {
  const stderr = {
    deno: "error: Uncaught (in promise) Error: spawn centrifugo ENOENT\n    at onError (node:x:1)",
    bun: "66 |           }],\n67 |         },\n           ^\nerror: spawn centrifugo ENOENT\n at x",
    node: "node:internal/child_process:285\n  const err = this._handle.spawn(options);\n\n" +
      "Error: spawn centrifugo ENOENT\n    at x",
    plain: "spawn centrifugo ENOENT",
  };
  for (const [name, text] of Object.entries(stderr)) {
    assertEquals(reasonOf(new Error(text)), "spawn centrifugo ENOENT", name);
  }
  assertEquals(reasonOf("no answer in 30 s"), "no answer in 30 s");
});
