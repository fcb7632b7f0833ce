import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { memoryPair } from "../../memory.ts";
import { readPages } from "../../scripts/docs.ts";
import { firstSentenceOf, llmsText, PAGES, toSitePage } from "../../scripts/docs_pages.ts";
import { explain, type Explained, type Side } from "../../site/playground/explain.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("every page of docs/ is in the site, at its place", () => {
  const written = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md"));
  assertEquals(written.sort(), PAGES.map((name) => `${name}.md`).sort());
});

test("llms.txt has every page, with its first sentence", async () => {
  const { guide, reference } = await readPages();
  assertEquals(guide.length, PAGES.length);
  // After a change of the pages: deno task docs --llms
  assertEquals(readFileSync(`${ROOT}llms.txt`, "utf8"), llmsText([...guide, ...reference]));
});

test("every page begins with a sentence that answers", async () => {
  for (const { name, text } of (await readPages()).guide) {
    assert(/[.]$/.test(firstSentenceOf(text)), name);
  }
});

const LINKS: readonly (readonly [from: string, link: string, onSite: string])[] = [
  ["docs/", "[t](types.md)", "[t](/types)"],
  ["docs/", "[t](./types.md#maps)", "[t](/types#maps)"],
  ["docs/", "[p](../PROTOCOL.md#8-close)", "[p](/protocol#_8-close)"],
  ["", "[t](docs/types.md)", "[t](/types)"],
  ["docs/", "[x](#below)", "[x](#below)"],
  ["", "[x](#7-codes)", "[x](#_7-codes)"],
  ["docs/", "[d](https://deno.com)", "[d](https://deno.com)"],
  ["docs/", "![i](images/page.png)", "![i](images/page.png)"],
  ["docs/", "[`a()`](../client.ts)", "`a()`"],
];
for (const [from, link, onSite] of LINKS) {
  test(`toSitePage() makes ${onSite} of ${link} in "${from}"`, () => {
    assertEquals(toSitePage(link, from), onSite);
  });
}

test("toSitePage() leads to the repository, where it is known, and leaves code alone", () => {
  const home = "https://host/repository";
  assertEquals(toSitePage("[c](../client.ts)", "docs/", home), `[c](${home}/blob/main/client.ts)`);
  const code = "```md\n[t](types.md)\n```";
  assertEquals(toSitePage(code, "docs/"), code);
});

/** The playground's output for some calls, at a level. */
async function played(level: number): Promise<[Side, Explained, Uint8Array][]> {
  const seen: [Side, Explained, Uint8Array][] = [];
  const methods = new Map<number, string>();
  await using pair = await memoryPair(Counter, counter, {
    client: { level },
    onMessage: (message, from) =>
      void seen.push([from, explain(message, from, methods), message.slice()]),
  });
  const { rpc } = pair.client;
  await rpc.newCounter();
  await rpc.increment({ amount: 5 });
  await rpc.get();
  assertEquals(methods.size, 0);
  return seen;
}

test("the playground explains every byte of every message, in order", async () => {
  const seen = await played(0);
  assertEquals(seen.map(([from, { kind }]) => `${from} ${kind.replace(", short", "")}`), [
    "client RPCRequest",
    "server StateChange",
    "server RPCResponse",
    "client RPCRequest",
    "server NewEvent",
    "server StateChange",
    "server RPCResponse",
    "client RPCRequest",
    "server RPCResponse",
  ]);
  for (const [, { pieces }, message] of seen) {
    const octets = Array.from(message, (byte) => byte.toString(16).padStart(2, "0"));
    assertEquals(
      pieces.map(({ hex }) => hex).filter((hex) => hex !== "").join(" "),
      octets.join(" "),
    );
  }
  const meanings = seen.map(([, { meaning }]) => meaning);
  assertEquals(meanings.slice(3), [
    "increment({amount: 5})",
    "{type: incremented, to: 5, from: 0}",
    "counter = 5",
    "increment() returned nothing",
    "get()",
    "get() returned 5",
  ]);
});

test("the playground understands compressed messages", async () => {
  const kinds = (all: [Side, Explained, Uint8Array][]) => all.map(([, { kind }]) => kind);
  assertEquals(kinds(await played(9)), kinds(await played(0)));
});
