import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { failsWith } from "../support/codes.ts";
import { REACHES } from "../support/stream_service.ts";
import { until } from "../support/until.ts";

const PATIENT = { timeout: 30_000 };
const PART = new Uint8Array(1000);

/** Twenty parts, and no end. */
async function* unfinished(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 20; i++) yield PART;
  await new Promise(() => {});
}

for (const [where, reach] of Object.entries(REACHES)) {
  test(`after its signal a reader gets none of what has come, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const controller = new AbortController();
    const { signal } = controller;
    const endless = rpc.endless({ bytes: 1000 }, { signal });
    const whole = rpc.lines({ count: 50 }, { signal });
    const viewed = rpc.lines({ count: 50 }, { signal }).readable.getReader();
    await Promise.all([endless.next(), whole.next(), viewed.read()]);
    await until(() => happened.pulled > 120 && happened.returned === 2);
    // What was sent before its answer has come with it.
    await rpc.ping();
    controller.abort(new Error("enough"));
    for (const next of [endless.next(), whole.next(), viewed.read()]) {
      const { cause } = await failsWith("Cancelled", next);
      assertEquals((cause as Error).message, "enough");
    }
    assertEquals((await whole.next()).done, true);
    await until(() => pair.stats().callsInFlight === 0);
    assertEquals(await rpc.ping(), 7);
  });

  test(`a handler whose call is cancelled gets none either, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const controller = new AbortController();
    const { signal } = controller;
    const whole = rpc.late({ parts: Array(20).fill(PART) }, { signal });
    const begun = rpc.late({ parts: unfinished() }, { signal });
    await until(() => pair.stats().itemsReceived === 40);
    controller.abort();
    await Promise.all([failsWith("Cancelled", whole), failsWith("Cancelled", begun)]);
    await until(() => happened.codes.length === 2 && pair.stats().callsInFlight === 0);
    assertEquals([happened.late, happened.codes], [0, ["Cancelled", "Cancelled"]]);
  });

  test(`what came before a deadline is read, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const items = rpc.endless({ bytes: 10 }, { timeoutMs: 300 });
    await items.next();
    await until(() => happened.aborted === 1);
    assertEquals((await items.next()).done, false);
  });

  test(`what came before its source failed is for the handler, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const parts = function* () {
      for (let i = 0; i < 20; i++) yield PART;
      throw new Error("broken");
    };
    await failsWith("Cancelled", rpc.late({ parts: parts() }));
    await until(() => happened.codes.length === 1);
    assertEquals([happened.late, happened.codes], [19, ["ClientEncodeError"]]);
  });

  test(`so is what came before the connection was lost, ${where}`, PATIENT, async () => {
    await using pair = await reach({ reconnect: false });
    const { client: { rpc }, happened } = pair;
    const lost = rpc.late({ parts: unfinished() });
    await until(() => pair.stats().itemsReceived === 20);
    const ended = failsWith("ConnectionLost", lost);
    await rpc.drop().catch(() => {});
    await ended;
    await until(() => happened.codes.length === 1);
    assertEquals([happened.late, happened.codes], [19, ["ConnectionLost"]]);
  });
}
