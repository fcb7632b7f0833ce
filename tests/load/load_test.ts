import { assert, assertEquals } from "@std/assert";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientOf, connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { RawClient, upgradeRequest } from "../support/raw_client.ts";
import { start } from "../support/runtimes.ts";
import { Ticks } from "./ticks.ts";

const CALLERS = 100;
const CALLING_MS = 2000;
const SUBSCRIBERS = 50;

for (const runtime of ["deno", "bun"] as const) {
  test(`${CALLERS} connections that call at once are all answered by ${runtime}`, async () => {
    await using program = await start(runtime, "support/counter_server.ts", "plain");
    const { url } = JSON.parse(program.firstLine) as { url: string };
    const clients: ClientOf<typeof Counter>[] = [];
    for (let i = 0; i < CALLERS; i++) {
      clients.push(await connect(Counter, url, { reconnect: false }));
    }
    const endsAt = performance.now() + CALLING_MS;
    const calls = await Promise.all(clients.map(async (client) => {
      let made = 0;
      do {
        await client.rpc.increment({ amount: 1 });
        // State that a call has changed is there before its answer.
        assertEquals(client.state.current.counter, ++made);
      } while (performance.now() < endsAt);
      return made;
    }));
    assert(calls.every((made) => made > 0));
    await Promise.all(clients.map((client) => client.close()));
  });

  test(`one subscriber that has stopped costs ${SUBSCRIBERS} others nothing on ${runtime}`, {
    timeout: 60_000,
  }, async () => {
    await using program = await start(runtime, "load/ticks.ts");
    const port = Number(program.firstLine);
    const lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
    const closed = async (): Promise<number> => {
      program.child.stdin!.write("\n");
      const stats = JSON.parse((await lines.next()).value ?? "") as { slowConsumersClosed: number };
      return stats.slowConsumersClosed;
    };
    let lost = 0;
    const ticks: number[] = [];
    const clients: ClientOf<typeof Ticks>[] = [];
    for (let i = 0; i < SUBSCRIBERS; i++) {
      const client = await connect(Ticks, `ws://127.0.0.1:${port}`, {
        reconnect: false,
        onError: () => void lost++,
      });
      ticks.push(0);
      const events = client.events({ overflow: "close", buffer: 1000 });
      void (async () => {
        for await (const _ of events) {
          ticks[i] = (ticks[i] ?? 0) + 1;
        }
      })().catch(() => lost++);
      clients.push(client);
    }
    const stopped = await RawClient.connect(port);
    stopped.socket.pause();
    stopped.write(upgradeRequest({ "Sec-WebSocket-Protocol": "hl.2" }, "GET /?flooded HTTP/1.1"));
    while (await closed() === 0) await sleep(100);
    assert(ticks.every((count) => count > 0));
    assertEquals(lost, 0);
    await Promise.all(clients.map((client) => client.close()));
    stopped.socket.destroy();
  });
}
