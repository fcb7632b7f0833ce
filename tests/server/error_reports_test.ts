import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { TOLD_CALLS } from "../../server/call_guard.ts";
import { TOLD_FAILURES } from "../../server/error_reports.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { call, type Setup, setUp } from "./support.ts";

/** Does something on each of so many connections, and returns where, and how many were not reported before. */
async function onEach(
  { core, errors }: Setup,
  connections: number,
  act: (client: ScriptedClient) => void,
  path = "/",
): Promise<[string, number][]> {
  for (let i = 0; i < connections; i++) {
    const client = await ScriptedClient.connect(core, upgradeRequest({}, path));
    act(client);
    client.hangUp();
  }
  return errors.splice(0).map(({ context: { where, untold = 0 } }) => [where, untold]);
}

const seldom = (where: string): [string, number][] => [
  [where, 0],
  [where, 0],
  [where, 1],
  [where, 3],
  [where, 7],
];

test("onError gets ever fewer of the peers that break the protocol, on a connection each", async () => {
  const setup = setUp();
  const found = await onEach(setup, 20, (client) => client.bytes(Uint8Array.of(1, 2, 3)));
  assertEquals(found, seldom("protocol"));
  assertEquals(setup.core.stats().protocolErrors, 20);
  // Another fault is of another kind, and a quiet minute begins anew.
  assertEquals(
    await onEach(setup, 2, (client) => client.bytes(Uint8Array.of(1, 1, 0, 0xfe, 0xff, 9))),
    [["protocol", 0], ["protocol", 0]],
  );
  setup.clock.advance(60_001);
  assertEquals(
    await onEach(setup, 2, (client) => client.bytes(Uint8Array.of(1, 2, 3))),
    [["protocol", 4], ["protocol", 0]],
  );
});

test("onError gets ever fewer of the calls that do not decode, on a connection each", async () => {
  const setup = setUp();
  const unknown = Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  assertEquals(
    await onEach(setup, 20, (client) => client.rawCall(1, unknown)),
    seldom("call"),
  );
});

test("onError gets ever fewer of the answers too big, on a connection each", async () => {
  const setup = setUp();
  const ask = (client: ScriptedClient): void => client.call(1, call.big);
  assertEquals(await onEach(setup, 20, ask, "/?hl-max=500.1000000"), seldom("big"));
});

test("onError gets so many failures of handlers, whatever connections they are on", async () => {
  const setup = setUp();
  setup.script = () => {
    throw new Error("no");
  };
  const { burst } = TOLD_CALLS;
  const connections = TOLD_FAILURES.burst / burst + 2;
  const fail = (client: ScriptedClient): void => {
    for (let i = 0; i < burst + 3; i++) client.call(1, call.run, { script: "" });
  };
  const found = await onEach(setup, connections, fail);
  assertEquals(found.length, TOLD_FAILURES.burst);
  setup.clock.advance(1000);
  const later = await onEach(setup, 1, (client) => client.call(1, call.run, { script: "" }));
  assertEquals(later.length, 1);
  // Those of connections that have ended are counted too.
  const told = [...found, ...later];
  const untold = told.reduce((sum, [, before]) => sum + before, 0);
  assertEquals(told.length + untold, connections * (burst + 3) + 1);
});

test("onError gets so many failures of authorize()", async () => {
  const setup = setUp({
    authorize() {
      throw new Error("the database is down");
    },
  });
  for (let i = 0; i < TOLD_FAILURES.burst + 50; i++) {
    await setup.core.acceptor.upgrade(upgradeRequest({}), { address: "" });
  }
  assertEquals(setup.errors.length, TOLD_FAILURES.burst);
});
