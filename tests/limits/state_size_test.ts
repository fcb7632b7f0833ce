/**
 * The largest change of the state, and one that is larger by a byte, over real sockets with the default limits: nothing
 * follows a change that the client does not get.
 */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect as connectPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import { bytes, rpc, RpcError, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { noise } from "../support/noise.ts";

const Stated = service({
  rpc: {
    set: rpc({ length: u32 }, u32),
    setOften: rpc({ length: u32 }, stream(u32)),
    setAndAsk: rpc({ length: u32 }, u32),
  },
  client: { ask: rpc({}, u32) },
  state: { blob: bytes },
  event: u32,
});

/** The largest field that does not deflate. */
const MOST = 2_096_948;

const CLIENTS = [
  { name: "connect(), level 0", level: 0, open: connect },
  { name: "connect()", level: 6, open: connect },
  { name: "connect() of a page", level: 0, open: connectPage },
  { name: "connect() of a page, level 6", level: 6, open: connectPage },
];

for (const { name, level, open } of CLIENTS) {
  const skip = open === connectPage && !("WebSocket" in globalThis);
  test(`nothing follows a state change over a limit, to ${name}`, { skip }, async () => {
    await using server = await serve(
      Stated,
      { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
      ({ state, client, subscriptions }) => {
        subscriptions.add("all");
        return {
          set: ({ length }) => (state.blob = noise(length)).length,
          async *setOften({ length }) {
            for (const bytes of [length, length]) {
              state.blob = noise(bytes);
              yield bytes;
            }
          },
          setAndAsk({ length }) {
            state.blob = noise(length);
            const answer = client.ask({});
            server.events.emit("all", length);
            return answer;
          },
        };
      },
    );
    /** What came of a call: its answers or its error, whether the client was asked, its events and its state. */
    const outcome = async (method: "set" | "setOften" | "setAndAsk", length: number) => {
      const seen: unknown[] = [];
      await using client = await open(Stated, server.url, {
        level,
        reconnect: false,
        client: { ask: () => seen.push("asked") },
      });
      const events = client.events();
      void (async () => {
        for await (const _ of events) seen.push("event");
      })();
      try {
        if (method !== "setOften") seen.push(await client.rpc[method]({ length }));
        else for await (const item of client.rpc.setOften({ length })) seen.push(item);
      } catch (error) {
        seen.push(error instanceof RpcError ? error.code : error);
      }
      return [method, ...seen, client.state.current.blob.length, client.status.state];
    };
    assertEquals(await outcome("set", MOST), ["set", MOST, MOST, "open"]);
    assertEquals(await outcome("setOften", MOST), ["setOften", MOST, MOST, MOST, "open"]);
    assertEquals(await outcome("setAndAsk", MOST), [
      "setAndAsk",
      "asked",
      "event",
      1,
      MOST,
      "open",
    ]);
    for (const method of ["set", "setOften", "setAndAsk"] as const) {
      assertEquals(await outcome(method, MOST + 1), [method, "ConnectionLost", 0, "closed"]);
    }
    assertEquals([server.stats().callsInFlight, server.stats().bufferedBytes], [0, 0]);
  });
}
