import { assert } from "@std/assert";
import { test } from "node:test";
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
