import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../client.ts";
import { serve } from "../../server.ts";
import { ATTACKS, leave, randomOf, STREAMING, Target } from "./hostile_peer.ts";
import { until } from "../support/until.ts";
import { openFiles } from "../support/open_files.ts";

const SEED = Number(process.env["CHAOS_SEED"] ?? 1);
const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? 3);

test(
  `a server answers another client through every attack, and keeps nothing (CHAOS_SEED=${SEED})`,
  {
    timeout: 120_000,
  },
  async () => {
    const errors: unknown[] = [];
    const server = await serve(
      Target,
      {
        port: 0,
        hostname: "127.0.0.1",
        tls: "plain",
        limits: { closeTimeoutMs: 300 },
        onError: (error) => errors.push(error),
      },
      ({ state, subscriptions }) => {
        subscriptions.add("everybody");
        return {
          add: ({ amount }) => state.total += amount,
          wait: () => new Promise<number>(() => {}),
          ...STREAMING,
        };
      },
    );
    const random = randomOf(SEED);
    const client = await connect(Target, `ws://127.0.0.1:${server.port}`, { reconnect: false });
    const before = openFiles();
    let calls = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, attack] of Object.entries(ATTACKS)) {
        const peer = await attack(server.port, random);
        calls++;
        assertEquals(await client.rpc.add({ amount: 1 }), calls, name);
        if (random(3) > 0) await sleep(random(20));
        leave(peer, random);
      }
    }
    assertEquals([client.status.state, client.state.current.total], ["open", calls]);
    await until(() => server.connections === 1);
    const { connections, callsInFlight, subscriptions, topics, bufferedBytes } = server.stats();
    assertEquals([connections, callsInFlight, subscriptions, topics, bufferedBytes], [
      1,
      0,
      1,
      1,
      0,
    ]);
    const { streamsOpen, clientCallsInFlight } = server.stats();
    assertEquals([streamsOpen, clientCallsInFlight], [0, 0]);
    await until(() => openFiles() <= before);
    assert(server.stats().protocolErrors > 0);
    await client.close();
    await server.close();
    const { connections: left, topics: topicsLeft } = server.stats();
    assertEquals([left, topicsLeft], [0, 0]);
  },
);
