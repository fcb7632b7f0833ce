import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { createCore } from "../../server/mod.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Target = service({ rpc: { big: rpc({}, bytes), wait: rpc({}, u32) } });
const [BIG, WAIT] = Target.methods.map(({ call }) => call) as [
  typeof Target.methods[0]["call"],
  typeof Target.methods[0]["call"],
];
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("an id that is used again before its late failure costs no other connection an id", async () => {
  const waiting: ((value: number) => void)[] = [];
  const core = createCore(
    Target,
    { onError() {} },
    () => ({
      big: () => new Uint8Array(1000),
      wait: () => new Promise<number>((resolve) => waiting.push(resolve)),
    }),
    { ...testDeflater, deflate: async (...args) => await testDeflater.deflate(...args) },
  );
  // It says that it takes one byte, so that what the answer comes to is known only once it is deflated.
  const hostile = await ScriptedClient.connect(core, upgradeRequest({}, "/?hl-max=1.1000000"));
  hostile.call(1, BIG);
  hostile.call(1, WAIT);
  hostile.call(2, WAIT);
  await turn();
  assertEquals(waiting.length, 2);
  waiting[0]!(7);
  await turn();
  assertEquals(core.stats().callsInFlight, 1);

  const other = await ScriptedClient.connect(core);
  for (const id of [1, 2]) other.call(id, WAIT);
  waiting.slice(2).forEach((resolve) => resolve(8));
  await turn();
  assertEquals(other.take(), ["response 1 08000000", "response 2 08000000"]);
  hostile.hangUp();
  other.hangUp();
  assertEquals([core.connections, core.stats().callsInFlight], [0, 0]);
});
