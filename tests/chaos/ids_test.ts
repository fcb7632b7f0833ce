import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { createCore } from "../../server/server_core.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { noise } from "../support/noise.ts";

const Target = service({ rpc: { big: rpc({}, bytes), wait: rpc({}, u32) } });
const [BIG, WAIT] = Target.methods.map(({ call }) => call) as [
  typeof Target.methods[0]["call"],
  typeof Target.methods[0]["call"],
];
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function setUp() {
  const waiting: ((value: number) => void)[] = [];
  const core = createCore(
    Target,
    { onError() {} },
    () => ({
      big: () => noise(1000),
      wait: () => new Promise<number>((resolve) => waiting.push(resolve)),
    }),
    { ...testDeflater, deflate: async (...args) => await testDeflater.deflate(...args) },
  );
  return { core, waiting };
}

/** Limits so small that only deflating shows whether an answer fits. */
const NARROW = "/?hl-max=500.1000000";

test("an id is taken until its answer is sent, and is not reused before", async () => {
  const { core, waiting } = setUp();
  const hostile = await ScriptedClient.connect(core, upgradeRequest({}, NARROW));
  hostile.call(1, BIG);
  hostile.call(1, WAIT);
  hostile.call(2, WAIT);
  assertEquals([waiting.length, core.stats().callsInFlight], [1, 2]);
  await turn();
  assertEquals(hostile.take(), ["error 1 ServerEncodeError"]);
  assertEquals(core.stats().callsInFlight, 1);
  hostile.call(1, WAIT);
  waiting.forEach((resolve) => resolve(7));
  await turn();
  assertEquals(hostile.take().length, 2);
  assertEquals(core.stats().callsInFlight, 0);

  const other = await ScriptedClient.connect(core);
  for (const id of [1, 2]) other.call(id, WAIT);
  waiting.slice(2).forEach((resolve) => resolve(8));
  await turn();
  assertEquals(other.take(), ["response 1 08000000", "response 2 08000000"]);
  hostile.hangUp();
  other.hangUp();
  assertEquals([core.connections, core.stats().callsInFlight], [0, 0]);
});

test("256 calls are in flight and no more, whatever a client does with its ids", async () => {
  const { core, waiting } = setUp();
  const hostile = await ScriptedClient.connect(core, upgradeRequest({}, NARROW));
  for (let round = 0; round < 4; round++) {
    for (let id = 0; id < 256; id++) {
      hostile.call(id, BIG);
      hostile.call(id, WAIT);
    }
    await turn();
  }
  assertEquals([waiting.length <= 256, core.stats().callsInFlight], [true, waiting.length]);
  hostile.hangUp();
});

test("a client that makes each answer too big is reported at a falling rate", async () => {
  const errors: unknown[] = [];
  const core = createCore(
    Target,
    { onError: (error) => errors.push(error) },
    () => ({ big: () => noise(1000), wait: () => 0 }),
    testDeflater,
  );
  const client = await ScriptedClient.connect(core, upgradeRequest({}, NARROW));
  for (let i = 0; i < 100; i++) client.call(1, BIG);
  assertEquals(client.take(), new Array(100).fill("error 1 ServerEncodeError"));
  // The 1st, 2nd, 4th, 8th, 16th, 32nd and 64th.
  assertEquals(errors.length, 7);
  client.hangUp();
});
