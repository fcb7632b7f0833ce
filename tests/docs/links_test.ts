import { assert, assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PAGES, ROOT, textOf } from "./markdown.ts";

const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "PROTOCOL.md",
  "SECURITY.md",
  "UPSTREAM.md",
  "conformance/README.md",
  "bench/README.md",
  "bench/peers/README.md",
  ...PAGES,
];

/** A text without its code, in which brackets are no links. */
const prose = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length));

/** The anchors of a document's headings, as GitHub makes them. */
function anchors(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

/** Targets of links and pictures that are no address. */
function targets(text: string): readonly string[] {
  const links = prose(text).matchAll(/\]\(([^)\s]+)\)|<img[^>]* src="([^"]+)"/g);
  return [...links].map(([, link, source]) => (link ?? source)!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

test("the documents link to one another", () => {
  const all = DOCUMENTS.flatMap((path) => targets(textOf(path)));
  assert(all.length > 60, `${all.length} links`);
});

for (const document of DOCUMENTS) {
  test(`every link of ${document} leads to a file and a heading that are there`, () => {
    const broken = targets(textOf(document)).filter((target) => {
      const [path = "", anchor] = target.split("#");
      const url = path === "" ? new URL(document, ROOT) : new URL(path, new URL(document, ROOT));
      const file = fileURLToPath(url);
      if (!existsSync(file)) return true;
      return anchor !== undefined && file.endsWith(".md") &&
        !anchors(readFileSync(file, "utf8")).has(anchor);
    });
    assertEquals(broken, []);
  });
}

test("README.md links to every page of docs/", () => {
  const linked = new Set(targets(textOf("README.md")));
  assertEquals(PAGES.filter((page) => !linked.has(page)), []);
});
