import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Folders of other projects, or without text. */
const LEFT_OUT = /^(?:node_modules|npm|dist|\..*|target|vectors|results)$/;
/** Words that have one spelling here, by how else they are written. Put together: this file is read as well. */
const OTHERWISE: Readonly<Record<string, RegExp>> = {
  hardlight: new RegExp("Hard" + "Light", "g"),
  authorize: new RegExp("authori" + "s", "gi"),
};

function* texts(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (LEFT_OUT.test(entry.name)) continue;
    if (entry.isDirectory()) yield* texts(path);
    else if (/\.(?:ts|md|json|html)$/.test(entry.name)) yield path;
  }
}

const files = [...texts(ROOT)];

test("there are sources and documents to read", () => {
  assertEquals(files.some((path) => path.endsWith("README.md")), true);
  assertEquals(files.length > 300, true);
});

for (const [word, otherwise] of Object.entries(OTHERWISE)) {
  test(`"${word}" has one spelling in code, documents and comments`, () => {
    const found = files.filter((path) => readFileSync(path, "utf8").search(otherwise) >= 0);
    assertEquals(found, []);
  });
}
