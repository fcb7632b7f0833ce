import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { findServer } from "./engines.ts";
import { flap, type Sample } from "./flapping.ts";

for (const engine of ["nats", "redis"] as const) {
  const { start, skip } = findServer(engine);

  test(
    `${engine} comes and goes for 10 seconds: local events all come, every topic is back`,
    {
      skip,
      timeout: 120_000,
    },
    async () => {
      await using server = await start();
      const samples: Sample[] = [];
      const faults = await flap(engine, server, 10, (sample) => samples.push(sample));
      assertEquals(faults, { local: 0, unsubscribed: 0, deaf: 0, unseen: 0, disorder: 0 });
      const { flaps, dropped, received } = samples.at(-1)!;
      assert(flaps > 0 && dropped > 0 && received > 0);
    },
  );
}
