import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("every row of the table of faults names a test that there is", () => {
  const text = readFileSync(`${ROOT}docs/several-nodes.md`, "utf8");
  const table = text.slice(text.indexOf("## Faults"), text.indexOf("### How losses are counted"));
  const rows = table.split("\n").filter((line) => line.startsWith("|")).slice(2);
  const named = rows.map((row) => row.match(/`([^`]+)` *\|$/)?.[1] ?? row);
  const tests = ["tests/bridges", "tests/server"].flatMap((folder) =>
    readdirSync(ROOT + folder).filter((name) => name.endsWith("_test.ts")).map((name) =>
      readFileSync(`${ROOT}${folder}/${name}`, "utf8")
    )
  ).join("\n");
  const titles = [...tests.matchAll(/\btest\(\s*(?:"([^"]+)"|`([^`]+)`)/g)].map((match) =>
    match[1] ?? match[2]!
  );
  assert(rows.length > 10);
  assertEquals(named.filter((name) => !titles.some((title) => title.includes(name))), []);
});
