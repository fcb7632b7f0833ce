import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { codeIn, importsIn, undeclaredIn } from "./support/source_text.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The layers that each layer may import, besides itself: ARCHITECTURE.md has the table. */
const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map(
  [...read("ARCHITECTURE.md").split("\n## ").find((part) => part.startsWith("Layers"))!.matchAll(
    /^\| ((?:`\w+\/`,? ?)+) +\| ([^|]*?) +\|/gm,
  )].flatMap(
    ([, layers, allowed]) => named(layers!).map((layer) => [layer, named(allowed!)] as const),
  ),
);

function named(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)\/?`/g)].map(([, name]) => name!);
}

/** Layers that name no runtime and import nothing of one. */
const CORE = ["codec", "deflate", "tls", "wire", "stream", "service", "server", "client"];

/** What joins the parts, at the root, and what it loads when asked for more; no layer imports them. */
const ENTRIES: readonly string[] = [
  ...Object.values((JSON.parse(read("deno.json")) as { exports: Record<string, string> }).exports),
  "./page_extras.ts",
].map((path) => path.slice(2)).filter((path) => !path.includes("/"));

function sources(layer: string): string[] {
  return (readdirSync(join(ROOT, layer), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${layer}/${name}`.replaceAll("\\", "/"));
}

/** Every module that is published. */
const PUBLISHED = [...ENTRIES, ...[...ALLOWED.keys()].flatMap(sources)];

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
  // A method names what it streams, and a stream is named by its method.
  "service/stream.ts service/types.ts",
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

/** The globals of platforms, runtimes and pages that do not begin with a capital; others are found by themselves. */
const GLOBALS = [
  ..."process require module exports __dirname __filename gc".split(" "),
  ..."navigator window self document location global globalThis caches indexedDB history".split(
    " ",
  ),
  ..."localStorage sessionStorage alert confirm prompt requestAnimationFrame".split(" "),
  ..."cancelAnimationFrame requestIdleCallback cancelIdleCallback matchMedia screen".split(" "),
  ..."getComputedStyle customElements cookieStore trustedTypes scheduler clientInformation".split(
    " ",
  ),
  ..."importScripts postMessage createImageBitmap visualViewport isSecureContext".split(" "),
  ..."setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate".split(" "),
  ..."queueMicrotask structuredClone reportError console performance fetch".split(" "),
  ..."btoa atob crypto onerror eval escape unescape".split(" "),
  ..."addEventListener removeEventListener dispatchEvent".split(" "),
];

/** The allowed globals of each layer of the core, of brokers' adapters, and of files that know a runtime. */
const USED: Readonly<Record<string, string>> = {
  codec: "Function TextDecoder TextEncoder globalThis",
  deflate: "",
  tls: "TextEncoder btoa crypto",
  wire:
    "AbortSignal Request Response URLSearchParams clearTimeout crypto globalThis performance queueMicrotask setTimeout",
  stream: "AbortSignal MessageChannel ReadableStream globalThis queueMicrotask",
  service: "AbortSignal",
  server:
    "AbortController AbortSignal Request Response TextEncoder URL clearTimeout performance queueMicrotask setTimeout",
  client: "AbortController AbortSignal URL globalThis queueMicrotask",
};

/** The globals of each file at the edge that names any. */
const USED_AT_THE_EDGE: Readonly<Record<string, string>> = {
  "bridges/nats_broker.ts": "setTimeout",
  "bridges/nats_cluster.ts": "TextDecoder TextEncoder clearTimeout crypto setTimeout",
  "bridges/redis_broker.ts": "clearTimeout globalThis setTimeout",
  "bridges/redis_client.ts": "clearTimeout setTimeout",
  "bridges/topic_name.ts": "TextEncoder",
  "browser.ts": "URL globalThis",
  "client.ts": "URL",
  "page_extras.ts": "globalThis",
  "runtime/browser.ts":
    "AbortSignal CloseEvent URL WebSocket clearTimeout globalThis performance reportError setTimeout",
  "runtime/bun.ts": "Request Response URL fetch globalThis",
  "runtime/bun_transport.ts": "setImmediate",
  "runtime/deno.ts": "Deno Headers Request setTimeout",
  "runtime/detect.ts": "globalThis",
  "runtime/listen.ts": "AbortSignal Request",
  "runtime/memory.ts": "AbortSignal Headers Request Response URL queueMicrotask setTimeout",
  "runtime/node/answer_writer.ts":
    "Headers ReadableStreamDefaultReader Response clearTimeout setImmediate setTimeout",
  "runtime/node/connect_failure.ts": "URL",
  "runtime/node/connect_socket.ts": "URL",
  "runtime/node/dial.ts": "URL clearTimeout setTimeout",
  "runtime/node/http.ts":
    "AbortSignal Headers ReadableStream Request RequestInit URL clearTimeout performance setTimeout",
  "runtime/node/open_sockets.ts": "clearTimeout setTimeout",
  "runtime/node/plain_http.ts": "AbortController AbortSignal",
  "runtime/node/server.ts": "Response",
  "runtime/node/zlib.ts": "globalThis",
  "runtime/standard.ts": "Request Response addEventListener",
  "runtime/streams.ts": "CompressionStream Response",
  "runtime/turn.ts": "globalThis performance setTimeout",
  "runtime/websocket/frame_writer.ts": "crypto",
  "runtime/websocket/frames.ts": "TextDecoder TextEncoder",
  "runtime/websocket/handshake.ts": "Headers Response URL",
  "server.ts": "Request clearTimeout console setTimeout",
};

/** Files that look for optional globals, and which: their only uses of `globalThis`. */
const LOOKING: Readonly<Record<string, readonly string[]>> = {
  "bridges/redis_broker.ts": ["globalThis"],
  "browser.ts": [
    '"WebSocket" in globalThis',
    '!(Symbol.for("opentelemetry.js.api.1") in globalThis',
  ],
  "page_extras.ts": ['!("WebSocket" in globalThis'],
  "runtime/browser.ts": ["globalThis"],
  "runtime/bun.ts": ["globalThis as { readonly Bun?: Bun }"],
  "runtime/detect.ts": [
    "globalThis as { readonly Deno?: { readonly version?: { readonly deno: string } }; " +
    "readonly Bun?: { readonly version?: string }; " +
    "readonly process?: { readonly versions?: { readonly node?: string } }; }",
  ],
  "runtime/node/zlib.ts": ["globalThis as { process?: Process }"],
  "runtime/turn.ts": ["globalThis as { setImmediate?: (run: () => void) => void }"],
  "client/extras.ts": ['Symbol.for("opentelemetry.js.api.1") in globalThis'],
  "client/full.ts": ["globalThis as { reportError?: (error: unknown) => void }"],
  // The classes of this realm, for messages.
  "codec/explain.ts": ["Reflect.get(globalThis, name)"],
  // Reads strings faster.
  "codec/utf8_buffer.ts": [
    "globalThis as { Buffer?: { prototype: { latin1Slice?: Slice; utf8Slice?: Slice } } }",
  ],
  "stream/item_turns.ts": ["globalThis as { setImmediate?: Later }"],
  "stream/quiet.ts": ["globalThis as { setImmediate?: (run: () => void) => unknown }"],
  "wire/clock.ts": ["globalThis as { setImmediate?: (run: () => void) => unknown; }"],
  // Uses less of a Response.
  "wire/http_answer.ts": ['"Bun" in globalThis'],
  "wire/open_telemetry.ts": ["globalThis as { readonly [API]?: Api }"],
};

/** The uses of `globalThis` that show which global is looked for; of others only the name. */
const USES_OF_GLOBAL_THIS = (() => {
  const inner = "\\{[^{}]*\\}";
  const middle = `\\{(?:[^{}]|${inner})*\\}`;
  const type = `\\{(?:[^{}]|${middle})*\\}`;
  const name = "(?<!\\w)globalThis(?!\\w)";
  return new RegExp(
    `Reflect\\.get\\(${name}, \\w+\\)|[^\\s(]\\S* in ${name}|${name} as ${type}|${name}`,
    "g",
  );
})();

function usesOfGlobalThis(source: string): string[] {
  return source.replace(/\s+/g, " ").match(USES_OF_GLOBAL_THIS) ?? [];
}

/** Globals that a file names: not as a property, a key, or in a string. */
function globalsOf(file: string): string[] {
  return globalsIn(read(file));
}

function globalsIn(source: string): string[] {
  const text = codeIn(source);
  const isDeclared = (name: string) =>
    new RegExp(`\\{[^{}]*\\b${name}\\b[^{}]*\\} = globalThis|\\(${name}\\) =>`).test(text);
  const lower = GLOBALS.filter((name) =>
    new RegExp(`(?<![.\\w$#])${name}\\b(?!\\??\\s*:|\\(\\w+\\??:)`).test(text) && !isDeclared(name)
  );
  return [...undeclaredIn(text), ...lower];
}

test("each layer of the core names those globals that it may, and no others", () => {
  for (const layer of CORE) {
    const named = new Set(sources(layer).flatMap(globalsOf));
    assertEquals([...named].sort().join(" "), USED[layer], layer);
  }
});

test("each file that knows a runtime names those globals that it may, and no others", () => {
  const files = PUBLISHED.filter((file) => !CORE.includes(file.split("/")[0]!)).sort();
  const naming = files.map((file) => [file, globalsOf(file).sort().join(" ")] as const)
    .filter(([, globals]) => globals !== "");
  assertEquals(Object.fromEntries(naming), USED_AT_THE_EDGE);
});

test("a global that a layer names is found, however it is used", () => {
  const uses = ["Buffer.from(a)", "f(Buffer)", "new Buffer()", "x = Buffer;", "`${Buffer.name}`"];
  const none = [
    'f("Buffer")',
    "a.Buffer",
    "{ Buffer: 1 }",
    "myBuffer",
    "// Buffer",
    "/* Buffer */",
  ];
  assertEquals(uses.map(globalsIn), uses.map(() => ["Buffer"]));
  assertEquals(none.map(globalsIn), none.map(() => []));
  assertEquals(globalsIn("const { Buffer } = globalThis;"), ["globalThis"]);
});

test("what need not be there is looked for by few, who look for nothing else", () => {
  const looking = [...PUBLISHED].sort()
    .map((file) => [file, usesOfGlobalThis(codeIn(read(file), true))] as const)
    .filter(([, uses]) => uses.length > 0);
  assertEquals(Object.fromEntries(looking), LOOKING);
});

test("a use of globalThis that the table does not know is found", () => {
  const more = [
    "const { process } = globalThis;",
    "(globalThis as never)[name]",
    "f(globalThis)",
    "globalThis.Buffer",
  ];
  assertEquals(more.map(usesOfGlobalThis), more.map(() => ["globalThis"]));
  assertEquals(
    usesOfGlobalThis("(globalThis as { Buffer?: { from(): void }; process?: unknown }).process"),
    ["globalThis as { Buffer?: { from(): void }; process?: unknown }"],
  );
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

test("this runtime has every global that the core may use", () => {
  const platform = readFileSync(join(ROOT, "tests/support/platform.d.ts"), "utf8");
  const names = [...platform.matchAll(/^declare (?:class|const|function) (\w+)/gm)];
  assert(names.length > 10, `only ${names.length} globals were found`);
  const missing = names.map(([, name]) => name!).filter((name) => !(name in globalThis));
  assertEquals(missing, []);
});
