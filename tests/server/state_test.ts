import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import { ConnectionState, StateShape } from "../../server/state.ts";
import { readServerMessage, ServerMessage } from "../../wire/messages.ts";
import { Topic } from "../../wire/topic.ts";
import { Demo, type DemoState } from "./support.ts";

/** What it sends: index and archive of each field. */
function updatesOf(tracker: ConnectionState, held: boolean): string[] {
  const from = tracker.firstTouched();
  const writer = new Writer();
  if (from === -1 || !tracker.writeChange(writer, from, held)) return [];
  const reader = new Reader();
  const message = new ServerMessage();
  reader.reset(writer.bytes);
  readServerMessage(reader, 0, writer.position, message);
  return Array.from({ length: message.count }, (_, i) => {
    const data = writer.bytes.subarray(
      message.updateStart(reader, i),
      message.updateEnd(reader, i),
    );
    return `${message.updateIndex(reader, i)}:${encodeHex(data)}`;
  });
}

function setUp() {
  const tracker = new ConnectionState(new StateShape(Demo.state));
  const state = tracker.object as unknown as DemoState;
  const take = (held = false) => updatesOf(tracker, held);
  return { tracker, state, take };
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

test("ConnectionState sees what is changed inside a value", () => {
  const { state, take } = setUp();
  (state.names as string[]).push("x");
  assertEquals(take().length, 1);
  assertEquals(take(), []);
  state.ages.set("a", 1);
  assertEquals(take().length, 1);
  state.ages.get("a");
  assertEquals(take(), []);
});

test("ConnectionState keeps looking at what a call under way may hold", () => {
  const { state, take, tracker } = setUp();
  const { ages } = state;
  assertEquals(take(true), []);
  ages.set("a", 1);
  assertEquals(take(false).length, 1);
  ages.set("b", 1);
  assertEquals(take(false), []);
  tracker.touchAll();
  assertEquals(take(false).length, 1);
});

test("ConnectionState's object is sealed", () => {
  const { state } = setUp();
  assertThrows(() => (state as unknown as Record<string, number>)["conter"] = 1, TypeError);
  assertThrows(() => delete (state as Partial<DemoState>).counter, TypeError);
});
