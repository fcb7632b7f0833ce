import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Proxy } from "../support/proxy.ts";
import { findServer, openBroker } from "./engines.ts";
import { LOBBY, localNode, twentyCome } from "./local_node.ts";
import { until } from "../support/until.ts";
import { numbers } from "./members.ts";

for (const engine of ["nats", "redis"] as const) {
  const { start, skip } = findServer(engine);

  test(
    `only the emitter's link to ${engine} is cut: its last events are reported where they are missed`,
    {
      skip,
    },
    async () => {
      await using server = await start();
      await using proxy = await Proxy.start(server.port);
      const brokers = [await openBroker(engine, proxy.port), await openBroker(engine, server.port)];
      {
        await using a = await localNode(brokers[0]!.broker);
        await using b = await localNode(brokers[1]!.broker, LOBBY);
        await twentyCome(a, b);
        proxy.targetPort = 1;
        proxy.cut();
        await until(() => a.status.link === "down");
        await a.emit(numbers(10));
        assertEquals([a.status.dropped, b.missed], [10, []]);
        proxy.targetPort = server.port;
        await until(() => b.missed.length > 0);
        assertEquals(b.missed, [{ topics: [LOBBY], reason: "EventsMissed" }]);
        assertEquals([b.status.received, b.status.missed, b.status.bad], [20, 10, 0]);
        await twentyCome(a, b);
      }
      for (const { close } of brokers) await close();
    },
  );
}
