import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { page } from "../../runtime/browser.ts";
import { runtimeName } from "../../runtime/detect.ts";
import { memoryDialer } from "../../runtime/memory.ts";
import { dial as rawDial } from "../../runtime/node/dial.ts";
import { ConnectError } from "../../wire/errors.ts";
import type { CloseInfo, Dialer, DialRequest, Transport } from "../../wire/transport.ts";
import { certificates } from "../support/certificates.ts";
import type { Listen } from "../support/echo.ts";
import { ALL_LISTENS, ECHO_MAX_BYTES, EchoAcceptor, LISTENS, Recorder } from "../support/echo.ts";
import { until } from "../support/until.ts";

/** A page's sockets, with the checks of their client: message lengths, and use after the end. */
const pageDial: Dialer = async (request, open) => {
  const { url, level, signal } = request;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = page.dial(
    url,
    level,
    (socket, extension) => {
      resolve();
      let ended = false;
      const end = ({ code, reason }: CloseInfo): void => {
        if (!ended) listener.onClose({ code, reason });
        ended = true;
      };
      const transport: Transport = {
        get bufferedAmount() {
          return ended ? 0 : socket.bufferedAmount;
        },
        send: (message) => socket.send(message),
        close: (code, reason) => socket.close(code, reason),
        terminate() {
          socket.close(1000, "");
          end({ code: 1006, reason: "" });
        },
      };
      const protocol = extension === 1 ? "hl.2.x1" : "hl.2";
      const listener = open(transport, { protocol, extension });
      return {
        onMessage(message) {
          if (message.length <= request.maxMessageBytes) listener.onMessage(message);
          else socket.close(4009, "");
        },
        onClose: end,
      };
    },
    reject,
    ({ code, reason }) => {
      resolve();
      const none = { bufferedAmount: 0, send() {}, close() {}, terminate() {} };
      open(none, { protocol: "hl.2.no" }).onClose({ code, reason });
    },
  );
  signal.addEventListener("abort", () => reject(signal.reason));
  await promise.catch((error) => {
    abort();
    throw error;
  });
};

/** A way from a client to an echo server. */
interface Way {
  readonly name: string;
  readonly browser: boolean;
  open(): Promise<{
    acceptor: EchoAcceptor;
    dial(path: string, request?: Partial<DialRequest>): Promise<Recorder>;
    [Symbol.asyncDispose](): Promise<void>;
  }>;
}

function overSockets(name: string, dialer: Dialer, listen: Listen, secure: boolean): Way {
  return {
    name,
    browser: dialer === pageDial,
    async open() {
      const acceptor = new EchoAcceptor();
      const { server: { cert, key } } = await certificates();
      const listener = await listen(acceptor, {
        port: 0,
        hostname: "127.0.0.1",
        ...(secure ? { cert, key } : {}),
      });
      const scheme = secure ? "wss" : "ws";
      return {
        acceptor,
        dial: (path, request) =>
          Recorder.dial(dialer, `${scheme}://127.0.0.1:${listener.port}${path}`, {
            ...(secure ? { tls: { ca: cert } } : {}),
            ...request,
          }),
        async [Symbol.asyncDispose]() {
          await acceptor.whenEnded(acceptor.addresses.length - acceptor.refused);
          await listener.close();
        },
      };
    },
  };
}

/** Node 20 has none, and that of Node 22 reports no close of what did not open. */
const HAS_WEBSOCKET = runtimeName() !== "node";

const WAYS: readonly Way[] = [
  ...Object.entries(ALL_LISTENS).flatMap(([name, listen]) => [
    overSockets(`raw ws to ${name}`, rawDial, listen, false),
    overSockets(`raw wss to ${name}`, rawDial, listen, true),
    ...(HAS_WEBSOCKET ? [overSockets(`built-in ws to ${name}`, pageDial, listen, false)] : []),
  ]),
  {
    name: "memory",
    browser: false,
    open() {
      const acceptor = new EchoAcceptor();
      return Promise.resolve({
        acceptor,
        dial: (path, request) =>
          Recorder.dial(memoryDialer(acceptor), `ws://memory${path}`, request),
        async [Symbol.asyncDispose]() {
          await acceptor.whenEnded(acceptor.addresses.length - acceptor.refused);
        },
      });
    },
  },
];

const pattern = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(size).map((_, i) => i * 31 + (i >> 8));

for (const way of WAYS) {
  describe(`An echo by ${way.name}`, () => {
    for (const size of [0, 1, 125, 126, 4096, 65_535, 65_536, 1 << 20]) {
      test(`returns ${size} bytes, which send() copied`, async () => {
        await using server = await way.open();
        const client = await server.dial("/");
        const message = pattern(size);
        client.send(message);
        message.fill(0xdd);
        const [echo] = await client.received(1);
        assert(echo !== undefined && same(echo, pattern(size)));
        client.transport?.close(1000, "");
        await client.closed();
      });
    }

    test("keeps the order of many messages", async () => {
      await using server = await way.open();
      const client = await server.dial("/late");
      const message = new Uint8Array(4);
      for (let i = 0; i < 1000; i++) {
        new DataView(message.buffer).setUint32(0, i);
        client.send(message);
      }
      const echoes = await client.received(1000);
      assertEquals(
        echoes.map((echo) => new DataView(echo.buffer, echo.byteOffset).getUint32(0)),
        Array.from({ length: 1000 }, (_, i) => i),
      );
      client.transport?.close(1000, "");
      await client.closed();
    });

    test("answers the protocol and the level", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      assertEquals(
        client.dialed,
        { protocol: way.browser ? "hl.2" : "hl/2", extension: 0 },
      );
      assertEquals(server.acceptor.addresses, [way.name === "memory" ? "" : "127.0.0.1"]);
      client.transport?.close(1000, "");
      await client.closed();
    });

    test("answers the extension that both know", async () => {
      await using server = await way.open();
      const client = await server.dial("/?hl-x=1");
      assertEquals(
        client.dialed,
        { protocol: way.browser ? "hl.2" : "hl/2", extension: way.browser ? 0 : 1 },
      );
      client.transport?.close(1000, "");
      await client.closed();
      if (!way.browser) return;
      const extended = await server.dial("/extended");
      assertEquals(extended.dialed, { protocol: "hl.2.x1", extension: 1 });
      extended.transport?.close(1000, "");
      await extended.closed();
    });

    test("carries the client's close to the server, once each", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      client.transport?.close(4123, "grund");
      client.transport?.close(4124, "again");
      assertEquals((await client.closed()).code, 4123);
      assertEquals(await server.acceptor.whenEnded(1), [{ code: 4123, reason: "grund" }]);
      client.send(pattern(1));
      client.transport?.terminate();
      assertEquals(client.ended.length, 1);
      assertEquals(client.transport?.bufferedAmount, 0);
    });

    test("carries the server's close to the client, once each", async () => {
      await using server = await way.open();
      const client = await server.dial("/close");
      client.send(pattern(1));
      assertEquals(await client.closed(), { code: 4321, reason: "as asked" });
      assertEquals((await server.acceptor.whenEnded(1)).map((info) => info.code), [4321]);
      assertEquals(client.ended.length, 1);
    });

    test("flushes what was sent before the close", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      await new Promise((resolve) => setTimeout(resolve, 5));
      const [transport] = server.acceptor.transports;
      for (let i = 0; i < 50; i++) transport?.send(pattern(1000));
      transport?.close(4001, "bye");
      assertEquals((await client.closed()).code, 4001);
      assertEquals(client.messages.length, 50);
    });

    test("ends with 4011 when the server's listener throws", async () => {
      await using server = await way.open();
      const client = await server.dial("/throw");
      client.send(pattern(1));
      assertEquals((await client.closed()).code, 4011);
      assertEquals((await server.acceptor.whenEnded(1)).map((info) => info.code), [4011]);
    });

    test("ends when the server terminates", async () => {
      await using server = await way.open();
      const client = await server.dial("/cut");
      client.send(pattern(1));
      assertEquals(await server.acceptor.whenEnded(1), [{ code: 1006, reason: "Terminated" }]);
      await client.closed();
      assertEquals(client.ended.length, 1);
    });

    test("ends when the client terminates", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      client.transport?.terminate();
      assertEquals(client.ended.map((info) => info.code), [1006]);
      assertEquals((await server.acceptor.whenEnded(1)).length, 1);
    });

    test("ends over the server's limit", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      client.send(new Uint8Array(ECHO_MAX_BYTES + 1));
      await client.closed();
      assertEquals(client.messages, []);
      assertEquals((await server.acceptor.whenEnded(1)).length, 1);
    });

    test("takes a message of exactly the server's limit", async () => {
      await using server = await way.open();
      const client = await server.dial("/");
      client.send(new Uint8Array(ECHO_MAX_BYTES));
      assertEquals((await client.received(1)).map((echo) => echo.length), [ECHO_MAX_BYTES]);
      client.transport?.close(1000, "");
      await client.closed();
    });

    test("ends with 4009 over the client's limit", async () => {
      await using server = await way.open();
      const client = await server.dial("/", { maxMessageBytes: 10 });
      client.send(pattern(11));
      assertEquals((await client.closed()).code, 4009);
      assertEquals(client.messages, []);
      assertEquals((await server.acceptor.whenEnded(1)).map((info) => info.code), [4009]);
    });

    test("is refused by a Response", async () => {
      await using server = await way.open();
      const error = await assertRejects(() => server.dial("/refuse"));
      assertInstanceOf(error, ConnectError);
      assertEquals(error.code, way.browser ? "Unreachable" : "OriginRefused");
      assertEquals(error.status, way.browser ? undefined : 400);
    });

    test("is cancelled by the signal", async () => {
      await using server = await way.open();
      const reason = new ConnectError("Cancelled", "never mind");
      const signal = AbortSignal.abort(reason);
      assertEquals(await assertRejects(() => server.dial("/", { signal })), reason);
    });
  });
}

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

for (const [name, listen] of Object.entries(LISTENS)) {
  describe(`listen() by ${name}`, () => {
    test("answers other requests with what this is, or by the fallback", async () => {
      const acceptor = new EchoAcceptor();
      const plain = await listen(acceptor, { port: 0, hostname: "127.0.0.1" });
      const page = await listen(acceptor, {
        port: 0,
        hostname: "127.0.0.1",
        fallback: () => new Response("page"),
      });
      const required = await fetch(`http://127.0.0.1:${plain.port}/`);
      assertEquals(required.status, 200);
      assertEquals((await required.text()).startsWith("This is a hardlight endpoint"), true);
      assertEquals(await (await fetch(`http://127.0.0.1:${page.port}/`)).text(), "page");
      plain.abort();
      page.abort();
    });

    test("close() lets connections live, and resolves after the last", async () => {
      const acceptor = new EchoAcceptor();
      const listener = await listen(acceptor, { port: 0, hostname: "127.0.0.1" });
      const client = await Recorder.dial(rawDial, `ws://127.0.0.1:${listener.port}/`);
      let closed = false;
      const closing = listener.close().then(() => closed = true);
      client.send(pattern(3));
      assertEquals(await client.received(1), [pattern(3)]);
      assertEquals(closed, false);
      client.transport?.close(1000, "");
      await client.closed();
      await closing;
    });

    test("abort() cuts connections", async () => {
      const acceptor = new EchoAcceptor();
      const listener = await listen(acceptor, { port: 0, hostname: "127.0.0.1" });
      const client = await Recorder.dial(rawDial, `ws://127.0.0.1:${listener.port}/`);
      listener.abort();
      await client.closed();
      assertEquals((await acceptor.whenEnded(1)).length, 1);
    });
  });
}

test("runtimeName() knows the runtime of this suite", () => {
  assertEquals(runtimeName(), "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node");
});

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

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
