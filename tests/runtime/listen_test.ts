import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { runtimeName } from "../../runtime/detect.ts";
import { dial as rawDial } from "../../runtime/node/dial.ts";
import { EchoAcceptor, LISTENS, Recorder } from "../support/echo.ts";
import { pattern } from "./ways.ts";

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
