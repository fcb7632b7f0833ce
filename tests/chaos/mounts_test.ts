import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../client.ts";
import { handler } from "../../server.ts";
import { ATTACKS, leave, randomOf, STREAMING, Target } from "./hostile_peer.ts";
import { until } from "../support/until.ts";

interface Bun {
  serve(options: object): { readonly port: number; stop(cut: boolean): Promise<void> };
}

test("a mount answers another client through every attack by the extension, and keeps nothing", {
  timeout: 120_000,
}, async () => {
  const mounted = handler(
    Target,
    { limits: { closeTimeoutMs: 300 }, onError() {} },
    ({ state }) => ({
      add: ({ amount }) => state.total += amount,
      wait: () => new Promise<number>(() => {}),
      ...STREAMING,
    }),
  );
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  const where = { port: 0, hostname: "127.0.0.1" };
  const abort = new AbortController();
  const on = bun?.serve({ ...where, ...mounted });
  const off = on ? undefined : Deno.serve(
    { ...where, signal: abort.signal, onListen() {} },
    mounted.fetch,
  );
  const port = on?.port ?? off!.addr.port;
  const random = randomOf(1);
  const client = await connect(Target, `ws://127.0.0.1:${port}`, { reconnect: false });
  let calls = 0;
  for (let round = 0; round < 3; round++) {
    for (const [name, attack] of Object.entries(ATTACKS)) {
      if (!name.startsWith("x1")) continue;
      const peer = await attack(port, random);
      assertEquals(await client.rpc.add({ amount: 1 }), ++calls, name);
      if (random(3) > 0) await sleep(random(20));
      leave(peer, random);
    }
  }
  await until(() => mounted.stats().connections <= 1);
  const { callsInFlight, streamsOpen, clientCallsInFlight, bufferedBytes, protocolErrors } = mounted
    .stats();
  assertEquals([callsInFlight, streamsOpen, clientCallsInFlight, bufferedBytes], [0, 0, 0, 0]);
  assert(calls > 0 && protocolErrors > 0);
  await client.close();
  await mounted.close();
  await on?.stop(true);
  abort.abort();
  await off?.finished;
});
