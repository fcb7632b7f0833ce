/**
 * Writes the figures of the record into the texts, and its charts into `docs/images/`: `deno task bench:report`.
 *
 * A text has a figure between `<!-- figures: name -->` and `<!-- end of figures -->`; the names are those of
 * {@linkcode blocks}. `tests/docs/figures_test.ts` fails when a text differs from the record.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { blocks, charts } from "./figures.ts";

const ROOT = new URL("../", import.meta.url);
const IMAGES = new URL("docs/images/", ROOT);
const BLOCK = /(<!-- figures: ([a-z0-9-]+) -->\n)[^]*?(<!-- end of figures -->)/g;

/** The texts that may have figures. */
export function texts(): URL[] {
  const docs = new URL("docs/", ROOT);
  const pages = existsSync(docs)
    ? readdirSync(docs, { recursive: true }).map(String).filter((name) => name.endsWith(".md"))
    : [];
  return [
    ...["README.md", "ARCHITECTURE.md", "bench/README.md", "bench/peers/README.md"].map((name) =>
      new URL(name, ROOT)
    ),
    ...pages.toSorted().map((name) => new URL(name, docs)),
  ];
}

/** A text with the figures of the record. */
export function filled(text: string, figures: ReadonlyMap<string, string>): string {
  return text.replaceAll(BLOCK, (_, start: string, name: string, end: string) => {
    const figure = figures.get(name);
    if (figure === undefined) {
      throw new RangeError(`No figure ${name}: expected ${[...figures.keys()].join(", ")}`);
    }
    return `${start}\n${figure}\n\n${end}`;
  });
}

/** Charts and where they lie. */
export function images(): ReadonlyMap<URL, string> {
  return new Map([...charts()].map(([name, svg]) => [new URL(name, IMAGES), svg]));
}

if (import.meta.main) {
  const figures = blocks();
  for (const url of texts()) {
    const before = readFileSync(url, "utf8");
    const after = filled(before, figures);
    if (after === before) continue;
    writeFileSync(url, after);
    console.log(`Written: ${url.pathname.slice(ROOT.pathname.length)}`);
  }
  for (const [url, svg] of images()) writeFileSync(url, svg);
}
