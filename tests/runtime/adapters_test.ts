import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ConnectError } from "../../wire/errors.ts";
import { ECHO_MAX_BYTES } from "../support/echo.ts";
import { pattern, WAYS } from "./ways.ts";

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

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
