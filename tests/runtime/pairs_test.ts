import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { ConnectError, rpc, service, u32 } from "../../mod.ts";
import { type RuntimeId, start, THIS_RUNTIME } from "../support/runtimes.ts";

const SERVERS: readonly RuntimeId[] = ["deno", "bun"];

for (const runtime of SERVERS) {
  for (const tls of ["plain", "self-signed"] as const) {
    test(`a client on ${THIS_RUNTIME} and the counter on ${runtime}, ${tls}`, async () => {
      await using program = await start(runtime, "support/counter_server.ts", tls);
      const { url, fingerprint } = JSON.parse(program.firstLine);
      const trust = tls === "plain" ? {} : { tls: { fingerprint } };

      for (const level of [0, 1, 6, 9]) {
        await using client = await connect(Counter, url, { ...trust, level });
        const events = client.events({ buffer: 512, overflow: "close" });
        await client.rpc.newCounter();
        assertEquals(client.state.current.topic.isString, false);
        await client.rpc.increment({ amount: 5 });
        assertEquals(client.state.current.counter, 5);
        await client.rpc.decrement({ amount: 2 });
        assertEquals(client.state.current.counter, 3);
        assertEquals(await client.rpc.get(), 3);

        const all = await Promise.all(
          Array.from({ length: 200 }, () => client.rpc.increment({ amount: 1 })),
        );
        assertEquals(all.length, 200);
        assertEquals(client.state.current.counter, 203);

        const seen: unknown[] = [];
        for await (const { topic, payload } of events) {
          assert(topic.equals(client.state.current.topic));
          seen.push(payload);
          if (seen.length === 203) break;
        }
        const inOrder = seen.filter((event) =>
          (event as { type: string }).type !== "serverSentTest"
        );
        assertEquals(inOrder.slice(0, 3), [
          { type: "incremented", to: 5, from: 0 },
          { type: "decremented", to: 3, from: 5 },
          { type: "incremented", to: 4, from: 3 },
        ]);
        assertEquals(inOrder.at(-1), { type: "incremented", to: 203, from: 202 });
        assertEquals(inOrder.length, 202);
      }
    });
  }

  test(`a client on ${THIS_RUNTIME} learns why ${runtime} refuses it`, async () => {
    await using program = await start(runtime, "support/counter_server.ts", "self-signed");
    const { url, fingerprint } = JSON.parse(program.firstLine);
    const refused = async (connecting: () => Promise<AsyncDisposable>): Promise<string> => {
      const error = await assertRejects(async () => {
        await using _client = await connecting();
      }, ConnectError);
      return error.code;
    };
    const Other = service({ rpc: { newCounter: rpc(), increment: rpc({ amount: u32, by: u32 }) } });
    assertEquals(
      await refused(() => connect(Other, url, { tls: { fingerprint } })),
      "SchemaMismatch",
    );
    assertEquals(await refused(() => connect(Counter, url)), "TlsFailed");
    const wrong = "00".repeat(32);
    assertEquals(
      await refused(() => connect(Counter, url, { tls: { fingerprint: wrong } })),
      "TlsFailed",
    );
    const headers = { origin: "https://elsewhere.example" };
    assertEquals(
      await refused(() => connect(Counter, url, { tls: { fingerprint }, headers })),
      "OriginRefused",
    );

    await using client = await connect(Counter, url, { tls: { fingerprint } });
    await client.rpc.newCounter();
    assertEquals(await client.rpc.get(), 0);
  });
}
