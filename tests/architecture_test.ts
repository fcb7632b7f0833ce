import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { dirname, join, normalize } from "node:path";
import { ALLOWED, CORE, ENTRIES, PUBLISHED, read, ROOT, sources } from "./support/modules.ts";
import { codeIn, importsIn } from "./support/source_text.ts";

/** The file that a specifier leads to. */
function target(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier)).replaceAll("\\", "/");
}

test("the layers are those folders that are published, and files at the root the entries", () => {
  const { publish } = JSON.parse(read("deno.json")) as { publish: { include: string[] } };
  const folders = publish.include.filter((path) => !/\.|^[A-Z]/.test(path));
  assertEquals([...ALLOWED.keys()].sort(), folders.sort());
  assertEquals(
    readdirSync(ROOT).filter((name) => name.endsWith(".ts")).sort(),
    [...ENTRIES].sort(),
  );
});

test("layers import what ARCHITECTURE.md says, and nothing else", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const [layer, allowed] of ALLOWED) {
    const used = new Set<string>();
    for (const file of sources(layer)) {
      for (const { from } of importsIn(read(file))) {
        seen++;
        const folder = from.startsWith(".") ? target(file, from).replace(/\/.*/, "") : "";
        if (allowed.includes(folder)) used.add(folder);
        else if (folder !== layer && (!from.startsWith("node:") || CORE.includes(layer))) {
          wrong.push(`${file} -> ${from}`);
        }
      }
    }
    assertEquals([...allowed].sort(), [...used].sort(), `what ${layer} imports`);
  }
  assert(seen > 200, `only ${seen} imports were found`);
  assertEquals(wrong, []);
});

/** A circle of imports that begins and ends at the same file, if there is one. */
function circleIn(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const circle = walk(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const circle = walk(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

test("no modules import values of each other in a circle", () => {
  const edges = new Map(PUBLISHED.map((file) => [
    file,
    importsIn(read(file)).filter(({ from, isType, isLazy }) =>
      from[0] === "." && !isType && !isLazy
    )
      .map(({ from }) => target(file, from)),
  ]));
  assertEquals(circleIn(edges), undefined);
  assertEquals(circleIn(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b", "d", "b"]);
});

/** The circles of imports: files that lead to each other, in one line each. */
function circlesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const reached = new Map([...edges].map(([file, nexts]) => {
    const met = new Set(nexts);
    for (const next of met) for (const other of edges.get(next) ?? []) met.add(other);
    return [file, met];
  }));
  const files = [...edges.keys()].sort();
  const found = files.filter((file) => reached.get(file)!.has(file)).map((file) =>
    files.filter((other) => reached.get(file)!.has(other) && reached.get(other)?.has(file))
      .join(" ")
  );
  return [...new Set(found)];
}

/** Circles that only types close, and why each is left. */
const CIRCLES_OF_TYPES = [
  // A writer writes schemas, and a reader reads them; the errors of both name the schema.
  "codec/errors.ts codec/phases.ts codec/reader.ts codec/schema.ts codec/signature.ts codec/struct.ts codec/writer.ts",
  // The defaults of pages are numbers alone, so that bundlers inline them.
  "wire/limits.ts wire/page_limits.ts",
];

test("no modules import types of each other in a circle, but those that are listed", () => {
  const edges = new Map(PUBLISHED.map((file) => [
    file,
    importsIn(read(file)).filter(({ from, isLazy }) => from[0] === "." && !isLazy)
      .map(({ from }) => target(file, from)),
  ]));
  assertEquals(circlesIn(edges), CIRCLES_OF_TYPES);
  assertEquals(circlesIn(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b d"]);
});

/** Constants of a file that are as in another, and the value that the other gives them. */
function kept(file: string): [place: string, value: string, there: string | undefined][] {
  const groups = read(file).matchAll(/\/\/ As in `([^`]+)`\..*\n((?:\s*const [A-Z_]+ = .*;\n)+)/g);
  return [...groups].flatMap(([, other, lines]) =>
    [...lines!.matchAll(/const (\w+) = (.*);/g)].map(([, name, value]) => {
      const there = read(other!).match(new RegExp(`const ${name} = (.*);`))?.[1];
      return [`${file}: ${name}`, value!, there] as [string, string, string | undefined];
    })
  );
}

test("constants that are kept twice, as a page or a layer cannot share them, are the same", () => {
  const twice = PUBLISHED.flatMap(kept);
  const files = new Set(twice.map(([place]) => place.replace(/:.*/, "")));
  assertEquals([...files].sort(), [
    "client/answers.ts",
    "codec/explain.ts",
    "runtime/browser.ts",
    "stream/inlet.ts",
    "stream/item_turns.ts",
  ]);
  assertEquals(twice.filter(([, value, there]) => value !== there), []);
});

test("no module is longer than 300 lines", () => {
  assert(PUBLISHED.length > 200, `only ${PUBLISHED.length} files were found`);
  const long = PUBLISHED.filter((file) => read(file).split("\n").length > 301);
  assertEquals(long, []);
});

test("entry files import no bridge and nothing from outside", () => {
  assert(ENTRIES.includes("browser.ts"), `only ${ENTRIES.join(", ")} were found`);
  const wrong: string[] = [];
  for (const file of ENTRIES) {
    for (const { from } of importsIn(read(file))) {
      if (!from.startsWith("./") || from.startsWith("./bridges/")) wrong.push(`${file} -> ${from}`);
    }
  }
  assertEquals(wrong, []);
});

/** How a line at the left margin begins, if it declares, or ends what does. */
const DECLARES =
  /^(?:import|export|const|let|(?:async )?function|(?:abstract )?class|interface|type|declare|[})\]>`]| |$)/;

test("no module does anything but declare when it is imported: bundlers may drop any", () => {
  const doing = PUBLISHED.flatMap((file) =>
    codeIn(read(file)).split("\n")
      .filter((line) => !DECLARES.test(line)).map((line) => `${file}: ${line}`)
  );
  assertEquals(doing, []);
});

test("only files of tests are named as tests: deno test runs what it finds by its name", () => {
  const named = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/^(tests|node_modules|\.git)\/|\/(node_modules|target)\//.test(path))
    .filter((path) => /(^|\/)(.*[._])?test\.[cm]?[jt]sx?$/.test(path));
  assertEquals(named, []);
});
