import { assert, assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { CONCERNS, corrected, correctedPage } from "../../scripts/size_parts.ts";
import { textOf } from "./markdown.ts";

/** By how much a page may be smaller than the documents say, in kB. */
const TOLERANCE = 2;

const { counter } = JSON.parse(textOf("scripts/size.json")) as { readonly counter: number };

for (const page of ["docs/browser.md", "docs/performance.md"]) {
  test(`${page} says what a page with the counter loads`, () => {
    const [, said] = /(\d+) kB\s+gzipped/.exec(textOf(page)) ?? [];
    const really = counter / 1000;
    assert(Math.abs(Number(said) - really) <= TOLERANCE, `says ${said} kB, is ${really} kB`);
    assert(Math.round(really) <= Number(said), `says ${said} kB, is ${really} kB`);
  });
}

test("docs/browser.md is corrected where it tells other bytes than there are", () => {
  const text = textOf("docs/browser.md");
  const added = { options: 50_100, compression: 50_200, reading: 50_300, sending: 50_400 };
  const first = correctedPage(text, added);
  assertEquals(first.wrong.length, 4);
  for (const said of [/options add 50\.1 kB/, /compression adds 50\.2 kB/, /adds 50\.3 kB; what/]) {
    assertMatch(first.text, said);
  }
  assertMatch(first.text, /sends them, 50\.4 kB/);
  const more = { ...added, options: 50_200 };
  assertEquals(correctedPage(first.text, more).wrong, []);
});

test("ARCHITECTURE.md is corrected where it tells other bytes of a page than there are", () => {
  const text = textOf("ARCHITECTURE.md");
  const parts = CONCERNS.map(([name], i) => ({ name, minified: 1, gzipped: 10_000 + 100 * i }));
  const sizes = { counter: 50_000, streaming: 53_900, small: 60_400, rich: 71_200 };
  const first = corrected(text, parts, 99_900, sizes);
  assertEquals(first.wrong.length, 5 + CONCERNS.length - 1);
  assertMatch(first.text, /loads\s+99\.9 kB\s+minified,\s+50\.0 kB/);
  assertMatch(first.text, /small\s+page\s+adds\s+10\.4 kB/);
  assertMatch(first.text, /streams\s+to\s+the\s+page\s+3\.9 kB/);
  assertMatch(first.text, /rich\s+one\s+21\.2 kB/);
  assertMatch(first.text, /^\| topics +\| +10,600 \| +\d+ \|$/m);
  // Now it is right, also with a little more or less.
  for (const by of [0, 10, -10]) {
    const others = parts.map((part) => ({ ...part, gzipped: part.gzipped + by }));
    assertEquals(corrected(first.text, others, 99_900 + by, sizes).wrong, []);
  }
  assertEquals(
    corrected(first.text, [...parts, { ...parts[0]!, name: "new.ts" }], 99_900, sizes).wrong,
    [
      "new.ts is of no concern",
    ],
  );
  assertEquals(corrected(first.text, parts.slice(0, -1), 99_900, sizes).wrong.length, 1);
});
