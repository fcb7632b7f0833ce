/**
 * The scenarios of a client and a server of the peer's services, either of which may be Rust.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { encode } from "../../codec/mod.ts";
import { RPC_HANDLER_ERRORS } from "../../mod.ts";
import type { Json, JsonObject, Outcome, PeerClient, PeerEvent, Service } from "./peer.ts";
import { Tick } from "./services.ts";

/** Milliseconds a greeting may take before another topic is tried. */
const GREETING_MS = 2000;

/** One thing they do. */
export interface Scenario {
  readonly name: string;
  readonly service: Service;
  /** At which levels of compression. */
  readonly levels: readonly number[];
  readonly run: (client: PeerClient) => Promise<void>;
}

const INNER: JsonObject = { id: 7, label: "a label that is long", score: "0x3fc00000" };
const SHAPES: readonly JsonObject[] = [
  { v: "Unit" },
  { v: "Circle", t: ["0x3ff8000000000000"] },
  { v: "Rect", f: { w: 1, h: 2 } },
  { v: "Named", t: ["named and long", 3] },
  { v: "Nested", t: [INNER] },
  { v: "Many", t: [[INNER, INNER]] },
];

const LONG = "a text that is longer than the seven bytes that are kept inline";

/** Methods of `echo` that answer with their argument `v`, and arguments to give them. */
const ECHOES: Readonly<Record<string, readonly Json[]>> = {
  echo_bool: [true, false],
  echo_u8: [0, 1, 127, 128, 255],
  echo_i8: [-128, -1, 0, 127],
  echo_u16: [0, 255, 256, 65_535],
  echo_i16: [-32_768, -1, 32_767],
  echo_u32: [0, 2_147_483_648, 4_294_967_295],
  echo_i32: [-2_147_483_648, -1, 2_147_483_647],
  echo_u64: ["0", "9007199254740993", "9223372036854775808", "18446744073709551615"],
  echo_i64: ["-9223372036854775808", "-1", "9223372036854775807"],
  echo_u128: ["0", "18446744073709551616", "340282366920938463463374607431768211455"],
  echo_i128: [
    "-170141183460469231731687303715884105728",
    "-1",
    "170141183460469231731687303715884105727",
  ],
  echo_usize: [0, 4_294_967_295],
  // One and a half, -0, infinities, NaN, the largest, the smallest subnormal.
  echo_f32: [
    ...["0x3fc00000", "0x80000000", "0x7f800000", "0xff800000", "0x7fc00000", "0x7f7fffff"],
    "0x00000001",
  ],
  echo_f64: [
    ...["0x3ff8000000000000", "0x8000000000000000", "0x7ff0000000000000", "0xfff0000000000000"],
    ...["0x7ff8000000000000", "0x7fefffffffffffff", "0x0000000000000001"],
  ],
  echo_char: ["\0", "a", "é", "漢", "\ud7ff", "\ue000", "😀", "\u{10ffff}"],
  echo_string: [
    ...["", "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789"],
    ...["é", "€uro", "日本", "日本語", "日本語だ", "😀", "😀😀", "a\0b", LONG, "é".repeat(1000)],
  ],
  echo_bytes: ["", "00", "0001", "00010203", "0001020304050607", "00ff10".repeat(500)],
  echo_vec_u32: [[], [0], [1, 2, 4_294_967_295], Array.from({ length: 3000 }, (_, i) => i * 7919)],
  echo_vec_string: [[], [""], ["", "1234567", "12345678", LONG, "漢字"]],
  echo_vec_u64: [[], ["1", "18446744073709551615"]],
  echo_opt_string: [null, { some: "" }, { some: "short" }, { some: LONG }],
  echo_opt_u32: [null, { some: 0 }, { some: 4_294_967_295 }],
  echo_tuple: [[0, 0], [255, 4_294_967_295]],
  echo_tuple3: [["", "0", false], [LONG, "18446744073709551615", true]],
  echo_array: [[0, 0, 0, 0], [1, 2, 3, 65_535]],
  echo_inner: [INNER, { id: 0, label: "", score: "0x7fc00000" }],
  echo_outer: [
    { flag: true, inner: INNER, list: [INNER, INNER], opt: { some: INNER }, pair: [1, "2"] },
    { flag: false, inner: INNER, list: [], opt: null, pair: [255, "18446744073709551615"] },
  ],
  echo_shape: SHAPES,
  echo_shapes: [[], SHAPES],
  echo_cstyle: [{ v: "A" }, { v: "B" }, { v: "C" }],
  echo_newtype: [[0], [4_294_967_295]],
  echo_unit_struct: [null],
  echo_mixed: [{ a: 1, b: "2", c: 3, d: 4, e: 5 }],
  echo_map: [
    [],
    [["", 0]],
    [["a", 1], ["b is a longer key", 2], ["漢字", 3]],
    Array.from({ length: 1000 }, (_, i) => [`key ${String(i).padStart(4, "0")}`, i]),
  ],
  echo_map_u32: [[], [[0, ""], [1, "one"], [4_294_967_295, LONG]]],
  echo_set: [[], [0], [1, 1_000_000, 2, 3]],
  echo_btree: [
    [],
    [["a", 1], ["b", 2]],
    Array.from({ length: 200 }, (_, i) => [`key ${String(i).padStart(4, "0")}`, i]),
  ],
  echo_box: [INNER],
  echo_result: [{ ok: 0 }, { ok: 5 }, { err: "" }, { err: LONG }],
};

const OK: Outcome = { ok: null };

/** The scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "echo answers every type with what it was given",
    service: "echo",
    levels: [0, 1, 6, 9],
    run: async (client) => {
      for (const [method, values] of Object.entries(ECHOES)) {
        for (const v of values) {
          assertEquals([method, await client.call(method, { v })], [method, { ok: v }]);
        }
      }
      const many = { a: 1, b: "2", c: "longer than seven", d: { some: 4 }, e: "0506" };
      assertEquals(await client.call("echo_many", many), { ok: Object.values(many) });
      assertEquals(await client.call("nothing"), OK);
    },
  },

  {
    name: "echo fails with every code, panics, sleeps and goes on",
    service: "echo",
    levels: [6],
    run: async (client) => {
      for (const [code, err] of RPC_HANDLER_ERRORS.entries()) {
        assertEquals(await client.call("fail", { code }), { err });
      }
      assertEquals(await client.call("panic_now", { message: "boom" }), { err: "HandlerPanicked" });
      assertEquals(await client.call("panic_dirty", { n: 999 }), { err: "HandlerPanicked" });
      assertEquals(await client.call("get_counter"), { ok: 999 });
      assertEquals(await client.call("sleep_ms", { ms: 5, tag: 3 }), { ok: 3 });
      assertEquals(await client.call("sleep_ms", { ms: 60_000, tag: 3 }, 20), {
        failed: "timed out",
      });
    },
  },

  {
    name: "echo changes every field of its state",
    service: "echo",
    levels: [6],
    run: async (client) => {
      assertEquals(await client.call("set_counter", { n: 5 }), { ok: 0 });
      assertEquals(await client.call("set_name", { name: "x" }), OK);
      assertEquals(
        await client.call("set_many", { n: 6, name: "a longer name", items: [1, 2, 3] }),
        OK,
      );
      assertEquals(await client.call("push_item", { n: 4 }), { ok: 4 });
      const rest = {
        pet: { some: { v: "Rect", f: { w: 1, h: 2 } } },
        flags: [true, 9],
        tags: [["k", 1]],
        ratio: "0x3ff8000000000000",
        big: "18446744073709551615",
      };
      assertEquals(await client.call("set_rest", rest), OK);
      for (const method of ["touch", "flip_flop"]) assertEquals(await client.call(method), OK);
      const wanted = { counter: 6, name: "a longer name", items: [1, 2, 3, 4], ...rest };
      const reached = await client.until((state) => state["big"] === rest.big);
      assertEquals(reached, wanted);
      assertEquals(await client.call("two_writes", { n: 50 }), { ok: 50 });
      assertEquals((await client.until(({ counter }) => counter === 51))["counter"], 51);
    },
  },

  {
    name: "echo subscribes, emits and unsubscribes",
    service: "echo",
    levels: [6],
    run: async (client) => {
      const topic = "news";
      const inner = "6e657773";
      assertEquals(await client.call("subscribe_to", { topic }), OK);
      assertEquals(await client.call("subscribe_bytes", { topic: inner }), OK);
      assertEquals(await client.call("emit", { topic, n: 1 }), OK);
      assertEquals(await client.call("change_and_emit", { topic, n: 2 }), { ok: 2 });
      assertEquals(await client.call("change_then_emit", { topic, n: 3 }), { ok: 3 });
      const ticks = await client.events(3);
      assertEquals(
        ticks.map(({ topic, event }) => ({ topic, event })),
        [1, 2, 3].map((n) => ({
          topic: { inner, is_string: true },
          event: { v: "Tick", f: { n } },
        })),
      );
      assertEquals(await client.call("burst", { topic, count: 20 }), OK);
      assertEquals(
        (await client.events(20)).map(({ event }) => event),
        Array.from({ length: 20 }, (_, n) => ({ v: "Tick", f: { n } })),
      );
      const payload = encodeHex(encode(Tick, { type: "text", value: LONG }));
      assertEquals(await client.call("emit_bytes", { topic: inner, payload }), OK);
      assertEquals(await client.events(1), [
        { topic: { inner, is_string: false }, event: { v: "Text", t: [LONG] }, payload },
      ]);
      assertEquals(await client.call("unsubscribe_from", { topic }), OK);
      assertEquals(await client.call("subscribe_and_emit", { topic: "other", n: 4 }), OK);
      const log = await client.call("topic_log");
      assert("ok" in log && JSON.stringify(log.ok).includes("+news"));
    },
  },

  {
    name: "counter as in the README",
    service: "counter",
    levels: [0, 1, 6, 9],
    run: async (client) => {
      // A topic is one random byte, and the reference keeps those of clients that are gone: no greeting then.
      let greeting: PeerEvent | undefined;
      for (let tries = 0; tries < 4 && greeting === undefined; tries++) {
        assertEquals(await client.call("new_counter"), OK);
        [greeting] = await client.events(1, GREETING_MS);
      }
      assertEquals(greeting?.event, { v: "ServerSentTest" });
      assertEquals(await client.call("increment", { amount: 5 }), OK);
      assertEquals(await client.call("decrement", { amount: 2 }), OK);
      assertEquals((await client.events(2)).map(({ event }) => event), [
        { v: "Incremented", f: { to: 5, from: 0 } },
        { v: "Decremented", f: { to: 3, from: 5 } },
      ]);
      assertEquals(await client.call("get"), { ok: 3 });
      assertEquals((await client.until(({ counter }) => counter === 3))["counter"], 3);
    },
  },

  {
    name: "pet",
    service: "pet",
    levels: [0, 1, 6, 9],
    run: async (client) => {
      assertEquals(await client.call("make_a_noise"), OK);
      const rex = { name: "Rex", age: 3, breed: "German Shepherd" };
      assertEquals(await client.call("become_dog", rex), OK);
      assertEquals(await client.call("make_a_noise"), { ok: { some: "Rex says woof!" } });
      assertEquals(await client.call("become_cat", rex), OK);
      assertEquals(await client.call("make_a_noise"), { ok: { some: "Rex says meow!" } });
      const cat = { pet: { some: { v: "Cat", f: rex } } };
      assertEquals(await client.until((state) => JSON.stringify(state).includes("Cat")), cat);
    },
  },

  {
    name: "todo",
    service: "todo",
    levels: [6],
    run: async (client) => {
      const milk = { text: "Buy milk", status: { v: "Todo" } };
      const done = { text: "Buy milk", status: { v: "Done" } };
      for (const id of [0, 1, 2]) {
        assertEquals(await client.call("create", { task: milk }), { ok: id });
      }
      assertEquals(await client.call("mark_as_done", { id: [1] }), OK);
      assertEquals(await client.call("get", { ids: [1, 9] }), { ok: [[1, done]] });
      assertEquals(await client.call("delete", { ids: [0] }), OK);
      assertEquals(await client.call("get_all"), { ok: [[1, done], [2, milk]] });
      assertEquals(await client.call("delete_done_tasks"), OK);
      assertEquals(await client.call("get_all"), { ok: [[2, milk]] });
      assertEquals(await client.call("delete_all"), OK);
      const emptied = await client.until(({ tasks }) => JSON.stringify(tasks) === "[]");
      assertEquals(emptied, { tasks: [], next_id: 3 });
    },
  },

  {
    name: "custom, alone and a hundred calls at once",
    service: "custom",
    levels: [6],
    run: async (client) => {
      assertEquals(await client.call("increment", { amount: 10 }), { ok: 10 });
      assertEquals(await client.call("decrement", { amount: 5 }), { ok: 5 });
      assertEquals(await client.call("get"), { ok: 5 });
      assertEquals(await client.call("test_overhead"), OK);
      const burst = Array.from({ length: 100 }, () => ({ call: "get" }));
      assertEquals(await client.burst(burst), burst.map(() => ({ ok: 5 })));
      await client.disconnect();
      assertEquals(await client.call("get"), { failed: "disconnected" });
    },
  },
  {
    name: "256 calls in flight, and no more",
    service: "echo",
    levels: [6],
    run: async (client) => {
      const calls = Array.from({ length: 300 }, (_, tag) => ({
        call: "sleep_ms",
        args: { ms: 300, tag },
      }));
      const outcomes = await client.burst(calls);
      const answered = outcomes.filter((outcome, tag) => "ok" in outcome && outcome.ok === tag);
      const refused = outcomes.filter((outcome) =>
        "err" in outcome && outcome.err === "TooManyCallsInFlight"
      );
      assertEquals([answered.length, refused.length], [256, 44]);
      assertEquals(await client.call("echo_u8", { v: 7 }), { ok: 7 });
    },
  },
];
