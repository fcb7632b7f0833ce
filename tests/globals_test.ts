import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { CORE, PUBLISHED, read, sources } from "./support/modules.ts";
import { codeIn, undeclaredIn } from "./support/source_text.ts";

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
    "AbortSignal CloseEvent URL WebSocket clearTimeout globalThis performance setTimeout",
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
  "runtime/websocket/vector_mask.ts": "WebAssembly",
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

test("this runtime has every global that the core may use", () => {
  const platform = read("tests/support/platform.d.ts");
  const names = [...platform.matchAll(/^declare (?:class|const|function) (\w+)/gm)];
  assert(names.length > 10, `only ${names.length} globals were found`);
  const missing = names.map(([, name]) => name!).filter((name) => !(name in globalThis));
  assertEquals(missing, []);
});
