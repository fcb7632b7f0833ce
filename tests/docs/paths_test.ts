import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A path from the root: a folder, a file in one, or one of the documents. */
const PATH = /`([a-z][a-z_]*\/(?:[a-z0-9_./-]*(?:\/|\.ts|\.json|\.html|\.md))?|[A-Z]+\.md)`/g;
/** A file in a picture. */
const DRAWN =
  /\b((?:bridges|client|codec|deflate|runtime|server|service|stream|tls|wire)\/[a-z_/]+\.ts)\b/g;
const MAX_FILES = 3;

const paths = (text: string): string[] => [...text.matchAll(PATH)].map(([, path]) => path ?? "");
const missing = (text: string, folders: readonly string[] = [""]): string[] =>
  paths(text).filter((path) => !folders.some((folder) => existsSync(ROOT + folder + path)));

test("what ARCHITECTURE says to look at is there, and is three files at most", () => {
  const text = readFileSync(ROOT + "ARCHITECTURE.md", "utf8");
  const [, section = ""] = text.split("## Where to change what");
  const rows = section.split("\n## ")[0]?.match(/^\| .*`.*$/gm) ?? [];
  assert(rows.length >= 10, `there are ${rows.length} rows`);
  for (const row of rows) {
    const files = paths(row);
    assert(files.length >= 1 && files.length <= MAX_FILES, row);
    assertEquals(missing(row), [], row);
  }
});

test("ARCHITECTURE says of each file in wire/ what it is for, once", () => {
  const text = readFileSync(ROOT + "ARCHITECTURE.md", "utf8");
  const part = text.split("\n## ").find((part) => part.startsWith("What is in wire/"))!;
  const named = [...part.matchAll(/`(\w+)`/g)].map(([, name]) => `${name}.ts`);
  assertEquals(named.sort(), readdirSync(ROOT + "wire").sort());
});

test("the pictures in ARCHITECTURE name no file that is not there", () => {
  const pictures = readFileSync(ROOT + "ARCHITECTURE.md", "utf8").match(/^```\n[\s\S]*?^```$/gm);
  const drawn = [...(pictures ?? []).join("\n").matchAll(DRAWN)].map(([, path]) => path ?? "");
  assert(drawn.length > 25, `${drawn.length} files`);
  assertEquals(drawn.filter((path) => !existsSync(ROOT + path)), []);
});

for (const name of ["ARCHITECTURE.md", "CONTRIBUTING.md", "PROTOCOL.md", "SECURITY.md"]) {
  test(`${name} names no file that is not there`, () => {
    // Some sections are about the files of one folder.
    assertEquals(missing(readFileSync(ROOT + name, "utf8"), ["", "runtime/", "tests/"]), []);
  });
}
