import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { partsWithExtras } from "../../client/extras.ts";
import type { ConnectOptions } from "../../client/options.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { PageParts } from "../../client/parts.ts";
import { interpret, readArchive, writeArchive } from "../../codec/archive.ts";
import { service } from "../../mod.ts";
import { ConnectError, RPC_HANDLER_ERRORS } from "../../wire/errors.ts";
import { page, storedFraming } from "../../runtime/browser.ts";
import { badDeflate, checkSize, tooBig } from "../../wire/faults.ts";
import { DEFAULT_PAGE_LIMITS } from "../../wire/page_limits.ts";

type Options = ConnectOptions<never, never, never>;

const PLAIN: PageParts = {
  level: 0,
  limits: DEFAULT_PAGE_LIMITS,
  ...page,
  codec: interpret,
  framing: storedFraming,
  startCalls: startPageCalls,
};

/** The parts of a client, and the loaded levels. */
async function extras(options: Options) {
  const levels: number[] = [];
  const checked = await partsWithExtras(
    { name: "Test", clientMethods: [] },
    options,
    PLAIN,
    [readArchive, writeArchive, RPC_HANDLER_ERRORS, badDeflate, tooBig, checkSize],
    () =>
      Promise.resolve({
        DeflatingFraming: class {
          readonly waitingBytes = 0;
          readonly frame = storedFraming.frame;
          readonly unframe = storedFraming.unframe;
          constructor(level: number) {
            levels.push(level);
          }
        },
      }),
  );
  return { checked, levels };
}

const REFUSED: readonly (readonly [
  options: unknown,
  type: typeof TypeError | typeof RangeError,
])[] = [
  [{ headers: { a: "b" } }, TypeError],
  [{ headers: () => ({}) }, TypeError],
  [{ tls: "self-signed" }, TypeError],
  [{ levle: 3 }, TypeError],
  [{ level: 10 }, RangeError],
  [{ whenFull: "queue" }, TypeError],
  [{ limits: { maxDepht: 3 } }, TypeError],
  [{ limits: { callTimeoutMs: 0 } }, RangeError],
];
for (const [options, type] of REFUSED) {
  test(`partsWithExtras() refuses ${JSON.stringify(options)}`, async () => {
    await assertRejects(() => extras(options as Options), type);
  });
}

test("partsWithExtras() applies the options, and loads the deflating code only for a level", async () => {
  const { checked, levels } = await extras({
    whenFull: "wait",
    limits: { callTimeoutMs: 7, maxConnections: 3 },
    headers: {},
  });
  assertEquals([checked.level, typeof checked.mayWait, levels], [0, "function", []]);
  assertEquals([checked.limits.callTimeoutMs, checked.limits.closeTimeoutMs], [7, 5000]);
  assertEquals((await extras({ level: 6 })).levels, [6]);
});

test("connect() of a page says so where there is no WebSocket, and its import needs none", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    const { connect } = await import("../../browser.ts");
    const Empty = service({ rpc: {} });
    for (const options of [{}, { level: 6 }]) {
      const error = await assertRejects(
        () => connect(Empty, "ws://127.0.0.1:9", options),
        ConnectError,
      );
      assertEquals([error.code, error.retryable], ["NoWebSocket", false]);
    }
  } finally {
    if (before) Object.defineProperty(globalThis, "WebSocket", before);
  }
});
