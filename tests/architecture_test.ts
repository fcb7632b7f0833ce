import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The layers that each layer may import, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  deflate: [],
  tls: [],
  wire: ["codec", "deflate"],
  stream: ["codec", "wire"],
  service: ["codec", "wire", "stream"],
  server: ["codec", "wire", "stream", "service"],
  client: ["codec", "wire", "stream", "service"],
  runtime: ["wire", "deflate"],
  bridges: ["wire"],
};

/** Layers that name no runtime and import nothing of one. */
const CORE = ["codec", "deflate", "tls", "wire", "stream", "service", "server", "client"];

/** Entry files, which join the parts; no layer imports them. */
const ENTRIES = readdirSync(ROOT).filter((name) => name.endsWith(".ts"));

function sources(layer: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(ROOT, layer), { recursive: true }) as string[];
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(".ts")).map((name) =>
    `${layer}/${name}`.replaceAll("\\", "/")
  );
}

/** Code without comments: examples in them import what they like. */
function code(file: string): string {
  return readFileSync(join(ROOT, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(
    /^\s*\/\/.*$/gm,
    "",
  );
}

function imports(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport\s*\(|^\s*import)\s*"([^"]+)"/gm);
  return [...found].map((match) => match[1]!);
}

function isAllowed(layer: string, file: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return !CORE.includes(layer);
  if (!specifier.startsWith(".")) return false;
  const target = normalize(join(dirname(file), specifier)).replaceAll("\\", "/");
  const folder = target.includes("/") ? target.slice(0, target.indexOf("/")) : "";
  return folder === layer || ALLOWED[layer]!.includes(folder);
}

test("every import points down a layer", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const layer of Object.keys(ALLOWED)) {
    for (const file of sources(layer)) {
      for (const specifier of imports(code(file))) {
        seen++;
        if (!isAllowed(layer, file, specifier)) wrong.push(`${file} -> ${specifier}`);
      }
    }
  }
  assert(seen > 200, `only ${seen} imports were found`);
  assertEquals(wrong, []);
});

/** The globals of platforms, runtimes and pages. A layer may name only its allowed ones. */
const GLOBALS = [
  ..."Deno Bun process Buffer require module exports __dirname __filename gc".split(" "),
  ..."navigator window self document location global globalThis caches indexedDB".split(" "),
  ..."localStorage sessionStorage alert confirm prompt requestAnimationFrame".split(" "),
  ..."setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate".split(" "),
  ..."queueMicrotask structuredClone reportError console performance fetch".split(" "),
  ..."WebSocket EventSource XMLHttpRequest Request Response Headers FormData Blob File".split(" "),
  ..."URL URLSearchParams URLPattern TextEncoder TextDecoder btoa atob".split(" "),
  ..."crypto Crypto CryptoKey SubtleCrypto AbortSignal AbortController DOMException".split(" "),
  ..."EventTarget CustomEvent MessageEvent CloseEvent ErrorEvent onerror".split(" "),
  ..."addEventListener removeEventListener dispatchEvent".split(" "),
  ..."MessageChannel MessagePort BroadcastChannel Worker SharedWorker WebAssembly".split(" "),
  ..."CompressionStream DecompressionStream ReadableStream WritableStream".split(" "),
  ..."TransformStream TextDecoderStream TextEncoderStream Function eval".split(" "),
];

/** The allowed globals of each layer of the core. */
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

/** Files that look for optional globals, and which: their only uses of `globalThis`. */
const LOOKING: Readonly<Record<string, readonly string[]>> = {
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
  return globalsIn(code(file));
}

function globalsIn(source: string): string[] {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/\/\/.*$/gm, "")
    .replace(
      /`(?:[^`\\]|\\.)*`/g,
      (template) => [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, part]) => part).join(";"),
    );
  const declared = (name: string) =>
    new RegExp(`\\{[^{}]*\\b${name}\\b[^{}]*\\} = globalThis|\\(${name}\\) =>`);
  return GLOBALS.filter((name) =>
    new RegExp(`(?<![.\\w$#])${name}\\b(?!\\??\\s*:|\\(\\w+\\??:)`).test(text) &&
    !declared(name).test(text)
  );
}

test("each layer of the core names those globals that it may, and no others", () => {
  for (const layer of CORE) {
    const named = new Set(sources(layer).flatMap(globalsOf));
    assertEquals([...named].sort().join(" "), USED[layer], layer);
  }
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
  const looking = CORE.flatMap(sources).sort()
    .map((file) => [file, usesOfGlobalThis(code(file))] as const)
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
    for (const specifier of imports(code(file))) {
      if (!specifier.startsWith("./") || specifier.startsWith("./bridges/")) {
        wrong.push(`${file} -> ${specifier}`);
      }
    }
  }
  assertEquals(wrong, []);
});

/** How a line at the left margin begins, if it declares, or ends what does. */
const DECLARES =
  /^(?:import|export|const|let|(?:async )?function|(?:abstract )?class|interface|type|declare|[})\]>`]| |$)/;

test("no module does anything but declare when it is imported: bundlers may drop any", () => {
  const files = [...ENTRIES, ...Object.keys(ALLOWED).flatMap(sources)];
  const doing = files.flatMap((file) =>
    code(file).replace(/`[^`]*`/g, "``").split("\n")
      .filter((line) => !DECLARES.test(line)).map((line) => `${file}: ${line}`)
  );
  assert(files.length > 200, `only ${files.length} files were found`);
  assertEquals(doing, []);
});

test("this runtime has every global that the core may use", () => {
  const platform = readFileSync(join(ROOT, "tests/support/platform.d.ts"), "utf8");
  const names = [...platform.matchAll(/^declare (?:class|const|function) (\w+)/gm)];
  assert(names.length > 10, `only ${names.length} globals were found`);
  const missing = names.map(([, name]) => name!).filter((name) => !(name in globalThis));
  assertEquals(missing, []);
});
