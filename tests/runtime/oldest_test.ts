import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { checkRuntime, OLDEST, type RuntimeName, whyTooOld } from "../../runtime/detect.ts";

const CASES: readonly (readonly [name: RuntimeName, version: string, runs: boolean])[] = [
  ["deno", "1.46.3", false],
  ["deno", "2.4.0", false],
  ["deno", "2.7.14", false],
  ["deno", "2.8.0", true],
  ["deno", "2.10.0", true],
  ["deno", "3.0.0", true],
  ["bun", "1.3.14", false],
  ["bun", "1.4.0", true],
  ["node", "18.20.8", false],
  ["node", "20.15.1", false],
  ["node", "20.16.0", true],
  ["node", "21.7.3", false],
  ["node", "22.2.0", false],
  ["node", "22.3.0", true],
  ["node", "24.1.0", true],
  ["browser", "", true],
  ["node", "a version of tomorrow", true],
];

for (const [name, version, runs] of CASES) {
  test(`whyTooOld() ${runs ? "lets" : "refuses"} ${name} ${version}`, () => {
    const why = whyTooOld(name, version);
    assertEquals(why === undefined, runs);
    if (why === undefined || name === "browser") return;
    const sentence = `${version}: `;
    assertEquals([why.includes(sentence), why.includes(OLDEST[name].join("."))], [true, true]);
  });
}

test("checkRuntime() lets the runtime that tests this pass", () => checkRuntime());
