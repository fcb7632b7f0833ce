import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { bytes, CodecError, encode, map, string, u32 } from "../../codec/mod.ts";
import { memoryPair } from "../../memory.ts";
import { rpc, RpcError, service, Topic, topic } from "../../mod.ts";
import { type rawHandler, serve } from "../../server.ts";
import { settle } from "../support/chat_service.ts";
import { loadSecondCopy } from "../support/second_copy.ts";

const other = await loadSecondCopy();

const Rooms = service({
  name: "Rooms",
  rpc: { join: rpc({ room: string }), refuse: rpc(), which: rpc({}, topic) },
  state: { room: topic },
  event: string,
});

test("a topic of another copy of the module is the same topic", async () => {
  assertEquals(other.mod.Topic as unknown === Topic, false);
  const foreign = (name: string) => other.mod.Topic.from(name) as unknown as Topic;
  await using pair = await memoryPair(Rooms, ({ state, subscriptions }) => ({
    async join({ room }) {
      state.room = foreign(room);
      await subscriptions.add(foreign(room));
      assert(subscriptions.has(room) && subscriptions.has(foreign(room)));
    },
    refuse() {},
    which: () => foreign("which"),
  }));
  const { client, server } = pair;
  const events = client.events({ topic: foreign("lobby") });
  await client.rpc.join({ room: "lobby" });
  assert(client.state.current.room.equals(Topic.from("lobby")));
  assert((await client.rpc.which()).equals(foreign("which")));
  for (const name of ["lobby", Topic.from("lobby"), foreign("lobby")]) {
    server.events.emit(name, "hello");
    assertEquals((await events.next()).value?.payload, "hello");
  }
  await settle();
});

test("an RpcError of another copy of the module arrives with its code", async () => {
  const told: unknown[] = [];
  await using pair = await memoryPair(Rooms, () => ({
    join() {},
    refuse() {
      throw new other.mod.RpcError("ServerDecodeError", "no");
    },
    which: () => Topic.from(""),
  }), { server: { onError: (error) => told.push(error) } });
  const error = await assertRejects(() => pair.client.rpc.refuse(), RpcError);
  assertEquals([error.code, told], ["ServerDecodeError", []]);
});

test("a rawHandler() of another copy of the module is one", async () => {
  const raw = other.server.rawHandler(() => new Uint8Array(0));
  await using pair = await memoryPair(Rooms, raw as unknown as ReturnType<typeof rawHandler>);
  await pair.client.rpc.refuse();
});

for (
  const handler of [undefined, null, {}, { join() {} }, "join", [], { handle: () => 1 }] as const
) {
  test(`serve() refuses ${JSON.stringify(handler)} as a handler`, async () => {
    await assertRejects(async () => {
      await using _server = await serve(
        Rooms,
        { port: 0, tls: "plain" },
        handler as unknown as ReturnType<typeof rawHandler>,
      );
    }, TypeError);
  });
}

test("an invalid topic is refused where it is given, without effect on others", async () => {
  let add: ((topic: Topic) => unknown) | undefined;
  await using pair = await memoryPair(Rooms, ({ subscriptions }) => {
    add = (each) => subscriptions.add(each);
    return { join() {}, refuse() {}, which: () => Topic.from("") };
  });
  const fakes: readonly unknown[] = [undefined, null, 5, {}, {
    key: "sx",
    bytes: new Uint8Array(0),
  }];
  for (const fake of fakes) {
    assertThrows(() => add?.(fake as Topic), TypeError);
    assertThrows(() => pair.server.events.emit(fake as Topic, "x"), TypeError);
  }
  pair.server.events.emit("x", "x");
  assertEquals(pair.server.stats().subscriptions, 0);
});

test("a value of another realm is refused with the cause", () => {
  const foreign = (source: string): never => runInNewContext(source) as never;
  for (
    const [schema, value, word] of [
      [map(string, u32), foreign("new Map()"), "Map"],
      [bytes, foreign("new Uint8Array(2)"), "Uint8Array"],
    ] as const
  ) {
    const error = assertThrows(() => encode(schema as typeof bytes, value), CodecError);
    assert(error.message.includes(`got a ${word} of another realm`), error.message);
  }
});
