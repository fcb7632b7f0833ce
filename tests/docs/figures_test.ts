import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { blocks } from "../../bench/figures.ts";
import { filled, images, texts } from "../../bench/report.ts";

/** As text is after formatting and before: columns are as wide as they are, lines end where they end. */
const bare = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll(/ ?\| ?/g, "|").replaceAll(/-{3,}/g, "-");

const AGAIN = "it differs from the record: deno task bench:report";

test("texts have the figures of the record, and some have any", () => {
  const figures = blocks();
  let found = 0;
  for (const url of texts()) {
    const text = readFileSync(url, "utf8");
    assertEquals(bare(text), bare(filled(text, figures)), `${url.pathname}: ${AGAIN}`);
    found += text.split("<!-- figures: ").length - 1;
  }
  assert(found >= 20, `${found} figures`);
});

test("a text with another figure than the record differs", () => {
  const text = "<!-- figures: a -->\n\n| 1 |\n\n<!-- end of figures -->\n";
  assertEquals(bare(filled(text, new Map([["a", "| 1 |"]]))), bare(text));
  assert(bare(filled(text, new Map([["a", "| 2 |"]]))) !== bare(text));
});

test("no figure is left out of the record", () => {
  for (const [name, text] of blocks()) {
    assert(text.trim() !== "" && !text.includes("Nothing is recorded"), `${name} is empty`);
    assert(text.split("\n").length !== 2, `${name} has no rows`);
  }
});

test("charts are those of the record", () => {
  for (const [url, svg] of images()) {
    assertEquals(readFileSync(url, "utf8"), svg, `${url.pathname}: ${AGAIN}`);
  }
});
