import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { fuzzConnections } from "./connection.ts";
import { SEED } from "./support.ts";

test(`mutated messages close their connection or are answered, and no other suffers (seed ${SEED})`, async () => {
  const { messages, answered, connections, closed } = await fuzzConnections(5000, SEED);
  assertEquals(messages, 5000);
  assert(answered > 0 && closed > 0 && connections - closed <= 1);
});
