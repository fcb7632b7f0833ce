import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { page } from "../../runtime/browser.ts";
import { ConnectError } from "../../wire/errors.ts";
import { EchoAcceptor, LISTENS, Recorder } from "../support/echo.ts";
import { until } from "../support/until.ts";
import { HAS_WEBSOCKET, pageDial } from "./ways.ts";

describe("dial() over the standard WebSocket", { skip: !HAS_WEBSOCKET }, () => {
  test("opens when it is refused by hl.2.no: the close tells why", async () => {
    const acceptor = new EchoAcceptor();
    const [listen] = Object.values(LISTENS);
    assert(listen !== undefined);
    const listener = await listen(acceptor, { port: 0, hostname: "127.0.0.1" });
    const url = `ws://127.0.0.1:${listener.port}/refuse-alias`;
    const dialing = Recorder.dial(pageDial, url);
    await until(() => acceptor.transports.size !== 0);
    // It has been open for a while.
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const transport of acceptor.transports) transport.close(4401, "not you");
    const client = await dialing;
    assertEquals(client.dialed?.protocol, "hl.2.no");
    assertEquals((await client.closed()).code, 4401);
    await acceptor.whenEnded(1);
    await listener.close();
  });

  test("is Unreachable when nothing listens", async () => {
    const error = await assertRejects(() => Recorder.dial(pageDial, "ws://127.0.0.1:1"));
    assertInstanceOf(error, ConnectError);
    assertEquals(error.code, "Unreachable");
  });
});

test("a page's timer that is late by over 5 ms lets 20 ms pass for what came meanwhile", () => {
  const { setTimeout: later, clearTimeout: forget, performance: real } = globalThis;
  const timers: [run: () => void, delayMs: number][] = [];
  const forgotten: unknown[] = [];
  let now = 1000;
  const put = (values: object): void => {
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  };
  put({
    setTimeout: (run: () => void, delayMs: number) => timers.push([run, delayMs]),
    clearTimeout: (id: unknown) => forgotten.push(id),
    performance: { now: () => now },
  });
  try {
    let ran = 0;
    page.after(100, () => ran++);
    now += 104;
    timers[0]![0]();
    assertEquals([ran, timers.length], [1, 1], "on time");

    const stop = page.after(100, () => ran++);
    now += 105;
    timers[1]![0]();
    assertEquals([ran, timers.map(([, delayMs]) => delayMs)], [1, [100, 100, 20]], "late");
    stop();
    assertEquals(forgotten, [3]);
    timers[2]![0]();
    assertEquals(ran, 2);
  } finally {
    put({ setTimeout: later, clearTimeout: forget, performance: real });
  }
});
