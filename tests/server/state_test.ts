import { interpret } from "../../codec/archive.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import { CodecError } from "../../codec/errors.ts";
import { convert, string } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import { ConnectionState, StateShape } from "../../server/state.ts";
import { rpc, service } from "../../service/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { serverMessage } from "../support/server_message.ts";
import { Demo, type DemoState } from "./support.ts";

/** The sent fields: index and archive of each. */
function updatesOf(tracker: ConnectionState): string[] {
  const from = tracker.firstTouched();
  if (from === -1) return [];
  const writer = new Writer();
  const places: number[] = [];
  const failure = tracker.writeChange(writer, from, places);
  if (failure !== undefined) return [`${failure.path}: ${failure.code}`];
  if (places.length === 0) return [];
  const reader = new Reader();
  reader.reset(writer.bytes);
  return serverMessage(reader, 0, writer.position).updates.map(({ index, start, end }) =>
    `${index}:${encodeHex(writer.bytes.subarray(start, end))}`
  );
}

function setUp() {
  const shape = new StateShape(Demo.state, interpret);
  const tracker = new ConnectionState(shape);
  const state = shape.makeObject(tracker) as unknown as DemoState;
  return { tracker, state, take: () => updatesOf(tracker) };
}

test("ConnectionState starts from the defaults, and has nothing to send", () => {
  const { state, take } = setUp();
  assertEquals(Object.keys(state), ["counter", "names", "ages", "topic"]);
  assertEquals({ ...state }.counter, 0);
  assertEquals([...state.names], []);
  assert(state.topic.equals(Topic.from(new Uint8Array(0))));
  assertEquals(take(), []);
});

test("ConnectionState sends a field that differs from what was last sent, in field order", () => {
  const { state, take } = setUp();
  state.topic = Topic.from("ab");
  state.counter = 5;
  assertEquals(take(), ["0:05000000", "3:61620000fcffffff0200000001000000"]);
  state.counter = 6;
  state.counter = 5;
  assertEquals(take(), []);
  state.counter = 0;
  assertEquals(take(), ["0:00000000"]);
});

test("ConnectionState sees a change inside a value", () => {
  const { state, take } = setUp();
  (state.names as string[]).push("x");
  assertEquals(take().length, 1);
  assertEquals(take(), []);
  state.ages.set("a", 1);
  assertEquals(take().length, 1);
  state.ages.get("a");
  assertEquals(take(), []);
});

test("ConnectionState compares values that were handed out or assigned, for as long as it has them", () => {
  const { state, take } = setUp();
  const { ages } = state;
  assertEquals(take(), []);
  ages.set("a", 1);
  assertEquals(take().length, 1);
  ages.set("b", 1);
  assertEquals(take().length, 1);
  const own = ["x"];
  state.names = own;
  assertEquals(take().length, 1);
  own.push("y");
  assertEquals(take().length, 1);
  assertEquals(take(), []);
});

test("ConnectionState has nothing to look at while only its plain values were read", () => {
  const { tracker, state, take } = setUp();
  assertEquals([state.counter, state.topic.isString], [0, false]);
  assertEquals(tracker.firstTouched(), -1);
  state.counter = 4;
  assertEquals([tracker.firstTouched(), take().length, tracker.firstTouched()], [0, 1, -1]);
  assertEquals([...state.names], []);
  assertEquals([tracker.firstTouched(), take()], [1, []]);
});

test("ConnectionState checks a value that is no object when it is assigned, and keeps the old one", () => {
  const { state, take } = setUp();
  const loose = state as unknown as Record<string, unknown>;
  const bad: readonly [field: string, value: unknown][] = [
    ...[-1, 1.5, NaN, 2 ** 32, undefined, null, "1", 1n, () => 1].map((v) =>
      ["counter", v] as const
    ),
    ["names", undefined],
    ["ages", 5],
    ["topic", "lobby"],
    ["topic", null],
  ].map(([field, value]) => [String(field), value]);
  for (const [field, value] of bad) {
    const error = assertThrows(() => loose[field] = value, CodecError);
    assertEquals([error.code, error.path], ["BadValue", `state.${field}`]);
  }
  assertEquals(take(), []);
  assertEquals(state.counter, 0);
});

test("ConnectionState tells once of a field that does not encode, and sends the others", () => {
  const { state, take, tracker } = setUp();
  const loose = state as unknown as { names: unknown[] };
  state.names.push("a");
  assertEquals(take().length, 1);
  loose.names.push(5);
  state.counter = 1;
  const places: number[] = [];
  const failure = tracker.writeChange(new Writer(), 0, places);
  assertEquals([failure?.path, places.length], ["state.names[1]", 3]);
  state.counter = 2;
  assertEquals(take(), ["0:02000000"]);
  assertEquals(take(), []);
  // A new assignment is a new error; so is the same one after a fix.
  loose.names = ["b", 6];
  assertEquals(take(), ["state.names[1]: BadValue"]);
  loose.names.pop();
  assertEquals(take().length, 1);
  loose.names.push(7);
  assertEquals([take(), take()], [["state.names[1]: BadValue"], []]);
});

test("ConnectionState reports an object that always throws once, and sends the others", () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  };
  let angry = false;
  const trap = (): never | boolean => {
    if (angry) throw new Error("A trap that throws");
    return false;
  };
  const later = () => new Proxy([5], { has: trap });
  const nameless = () =>
    new Proxy(Topic.from("a"), {
      get(topic, name) {
        if (name === "key") throw new Error("A key that throws");
        return Reflect.get(topic, name, topic);
      },
    });
  const cases: [keyof DemoState, () => unknown][] = [
    ["names", revoked],
    ["names", later],
    ["topic", nameless],
  ];
  for (const [field, make] of cases) {
    angry = false;
    const { state, take } = setUp();
    const loose = state as unknown as Record<string, unknown>;
    state.topic = Topic.from("before");
    take();
    loose[field] = make();
    angry = true;
    const [first = ""] = take();
    state.counter = 1;
    assertEquals(take(), ["0:01000000"], field);
    if (field === "names") assert(first.endsWith(": BadValue"), first);
    state.counter = 2;
    assertEquals(take(), ["0:02000000"], field);
  }
});

test("ConnectionState converts an assigned value to check it, and again to send it", () => {
  let encoded = 0;
  const digits = convert(string, {
    expected: "a number",
    decode: (text) => Number(text),
    encode: (value: number) => `${value + 0 * ++encoded}`,
  });
  const { state: fields } = service({ rpc: { nothing: rpc() }, state: { digits } });
  const shape = new StateShape(fields, interpret);
  const tracker = new ConnectionState(shape);
  encoded = 0;
  Object.assign(shape.makeObject(tracker), { digits: 5 });
  assertEquals(encoded, 1);
  assertEquals(updatesOf(tracker).length, 1);
  assertEquals(encoded, 2);
});

test("ConnectionState's fields are its object's own, as those of a plain object are", () => {
  const { state } = setUp();
  state.counter = 7;
  assertEquals(JSON.parse(JSON.stringify(state)).counter, 7);
  assertEquals({ ...state }.counter, 7);
  assertEquals(Object.entries(state).map(([name]) => name), ["counter", "names", "ages", "topic"]);
  assertEquals(new Proxy(state, {}).counter, 7);
});

test("ConnectionState's object is sealed", () => {
  const { state } = setUp();
  assertThrows(() => (state as unknown as Record<string, number>)["conter"] = 1, TypeError);
  assertThrows(() => delete (state as Partial<DemoState>).counter, TypeError);
});
