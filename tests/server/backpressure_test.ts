import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, u32 } from "../../codec/mod.ts";
import { createCore } from "../../server/server_core.ts";
import { rpc, service } from "../../service/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";

const MAX = 4_000_000;
const LARGE = 100_000;
const CLIENTS = 100;

const Hoard = service({
  rpc: { join: rpc(), get: rpc({ length: u32 }, bytes), assign: rpc({ length: u32 }) },
  state: { blob: bytes },
  event: bytes,
});
const [JOIN, GET, ASSIGN] = Hoard.methods.map((method) => method.call);

/** A transport that accepts nothing, and keeps its queue after its end, like a socket of `Deno.serve`. */
class Hoarder extends ScriptedClient {
  #isClosed = false;

  override send(message: Uint8Array<ArrayBuffer>): void {
    if (!this.#isClosed) this.bufferedAmount += message.length;
  }

  override close(code: number, reason: string): void {
    const { bufferedAmount } = this;
    this.#isClosed = true;
    this.lingers = "stuck";
    super.close(code, reason);
    this.bufferedAmount = bufferedAmount;
  }
}

async function setUp() {
  const clock = new FakeClock();
  const core = createCore(
    Hoard,
    { limits: { maxTotalBufferedBytes: MAX, maxStuckConnections: 2 * CLIENTS }, onError() {} },
    ({ subscriptions, state }) => ({
      join: () => void subscriptions.add("all"),
      get: ({ length }) => new Uint8Array(length),
      assign({ length }) {
        state.blob = new Uint8Array(length);
      },
    }),
    testDeflater,
    clock,
  );
  core.start();
  const stored = () => upgradeRequest({ "x-hl-compress": "0" });
  const hoarders: Hoarder[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const upgrade = await core.acceptor.upgrade(stored(), { address: "test" });
    assert(!(upgrade instanceof Response));
    const hoarder = new Hoarder().open(upgrade);
    hoarder.call(0, JOIN!);
    hoarders.push(hoarder);
  }
  const connect = async () => {
    const client = await ScriptedClient.connect(core, stored());
    client.call(0, JOIN!);
    client.take();
    return client;
  };
  return { core, clock, hoarders, connect };
}

const WAYS: Record<string, (setup: Awaited<ReturnType<typeof setUp>>) => void> = {
  "one event": ({ core }) => core.events.emit("all", new Uint8Array(LARGE)),
  "answers": ({ hoarders }) => hoarders.forEach((each) => each.call(1, GET!, { length: LARGE })),
  "changes of the state": ({ hoarders }) =>
    hoarders.forEach((each) => each.call(1, ASSIGN!, { length: LARGE })),
};

for (const [what, send] of Object.entries(WAYS)) {
  test(`Backpressure: ${what} to many that do not read, where to close frees nothing`, async () => {
    const setup = await setUp();
    const { core, hoarders } = setup;
    send(setup);
    const waiting = hoarders.reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0);
    assert(waiting > MAX && waiting <= MAX * 17 / 16, `${waiting} bytes wait`);
    // A client that did not get it has been closed.
    for (const { bufferedAmount, closedWith } of hoarders) {
      if (bufferedAmount < LARGE) assertEquals(closedWith?.code, 4008);
    }
    const { slowConsumersClosed } = core.stats();
    assertEquals(slowConsumersClosed, hoarders.filter((each) => each.closedWith).length);
  });
}

test("Backpressure: while too many bytes wait small events go on, and large ones afterwards", async () => {
  const { core, clock, hoarders, connect } = await setUp();
  const emit = (length: number) => core.events.emit("all", new Uint8Array(length));
  for (let i = 0; i < 3; i++) emit(LARGE);
  assert(hoarders.every(({ closedWith }) => closedWith?.code === 4008));
  const [reader, late] = [await connect(), await connect()];
  emit(1000);
  assertEquals([reader.take().length, reader.closedWith], [1, undefined]);
  late.take();
  // More than may wait additionally.
  emit(MAX / 16);
  assertEquals([reader.take().length, reader.closedWith?.code], [0, 4008]);
  const next = await connect();
  for (const hoarder of hoarders) hoarder.gone();
  clock.advance(10);
  emit(MAX / 16);
  assertEquals([next.take().length, next.closedWith, late.closedWith?.code], [1, undefined, 4008]);
});
