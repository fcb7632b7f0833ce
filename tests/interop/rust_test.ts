import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { builtPeer, type Json, type JsonObject, type Outcome, type PeerClient } from "./peer.ts";
import { type Service, startClient, startServer } from "./peer.ts";

const path = builtPeer();
const skip = path === undefined
  ? "the Rust peer is not built: deno run -A tests/interop/prepare.ts"
  : false;

/** A Rust client connected to a Rust server, both gone when `body` is done. */
async function between(
  service: Service,
  body: (client: PeerClient) => Promise<void>,
  level = 6,
): Promise<void> {
  await using server = await startServer(path ?? "", service);
  await using client = await startClient(path ?? "", service, { port: server.port, level });
  await body(client);
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

/** Methods of `echo` that answer with their argument `v`, and arguments to give them. */
const ECHOES: Readonly<Record<string, readonly Json[]>> = {
  echo_bool: [true, false],
  echo_u8: [0, 255],
  echo_i8: [-128, 127],
  echo_u16: [65_535],
  echo_i16: [-32_768],
  echo_u32: [4_294_967_295],
  echo_i32: [-2_147_483_648],
  echo_u64: ["18446744073709551615"],
  echo_i64: ["-9223372036854775808"],
  echo_u128: ["340282366920938463463374607431768211455"],
  echo_i128: ["-170141183460469231731687303715884105728"],
  echo_usize: [4_294_967_295],
  echo_f32: ["0x3fc00000"],
  echo_f64: ["0x8000000000000000"],
  echo_char: ["a", "😀"],
  echo_string: ["", "short77", "eight888", "€uro and more"],
  echo_bytes: ["", "00ff10"],
  echo_vec_u32: [[], [1, 2, 3]],
  echo_vec_string: [["", "longer than seven"]],
  echo_vec_u64: [["1", "2"]],
  echo_opt_string: [null, { some: "longer than seven" }],
  echo_opt_u32: [null, { some: 5 }],
  echo_tuple: [[1, 2]],
  echo_tuple3: [["longer than seven", "9", true]],
  echo_array: [[1, 2, 3, 4]],
  echo_inner: [INNER],
  echo_outer: [
    { flag: true, inner: INNER, list: [INNER], opt: { some: INNER }, pair: [1, "2"] },
    { flag: false, inner: INNER, list: [], opt: null, pair: [0, "0"] },
  ],
  echo_shape: SHAPES,
  echo_shapes: [SHAPES, []],
  echo_cstyle: [{ v: "A" }, { v: "B" }, { v: "C" }],
  echo_newtype: [[7]],
  echo_unit_struct: [null],
  echo_mixed: [{ a: 1, b: "2", c: 3, d: 4, e: 5 }],
  echo_map: [[["a", 1], ["b is a longer key", 2]], []],
  echo_map_u32: [[[1, "one"], [2, "two is a longer value"]]],
  echo_set: [[1, 2, 3]],
  echo_btree: [[["a", 1], ["b", 2]]],
  echo_box: [INNER],
  echo_result: [{ ok: 5 }, { err: "a long reason" }],
};

const CODES = [
  "ClientNotConnected",
  "TooManyCallsInFlight",
  "ClientEncodeError",
  "ClientDecodeError",
  "ServerEncodeError",
  "ServerDecodeError",
  "ClientCompressError",
  "ClientDecompressError",
  "ServerCompressError",
  "ServerDecompressError",
  "HandlerPanicked",
];

const OK: Outcome = { ok: null };

test("Rust to Rust: echo answers every type with what it was given", { skip }, async () => {
  await between("echo", async (client) => {
    for (const [method, values] of Object.entries(ECHOES)) {
      for (const v of values) {
        assertEquals([method, await client.call(method, { v })], [method, { ok: v }]);
      }
    }
    const many = { a: 1, b: "2", c: "longer than seven", d: { some: 4 }, e: "0506" };
    assertEquals(await client.call("echo_many", many), { ok: Object.values(many) });
    assertEquals(await client.call("nothing"), OK);
  });
});

test("Rust to Rust: echo fails with every code, panics, sleeps and goes on", { skip }, async () => {
  await between("echo", async (client) => {
    for (const [code, err] of CODES.entries()) {
      assertEquals(await client.call("fail", { code }), { err });
    }
    assertEquals(await client.call("panic_now", { message: "boom" }), { err: "HandlerPanicked" });
    assertEquals(await client.call("panic_dirty", { n: 999 }), { err: "HandlerPanicked" });
    assertEquals(await client.call("get_counter"), { ok: 999 });
    assertEquals(await client.call("sleep_ms", { ms: 5, tag: 3 }), { ok: 3 });
    assertEquals(await client.call("sleep_ms", { ms: 60_000, tag: 3 }, 20), {
      failed: "timed out",
    });
    assertEquals(await client.call("echo_u8", { v: 256 }), { failed: "v: expected u8, found 256" });
  });
});

test("Rust to Rust: echo changes every field of its state", { skip }, async () => {
  await between("echo", async (client) => {
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
  });
});

test("Rust to Rust: echo subscribes, emits and unsubscribes", { skip }, async () => {
  await between("echo", async (client) => {
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
    assertEquals((await client.events(20)).length, 20);
    assertEquals(await client.call("emit_bytes", { topic: inner, payload: "0102" }), OK);
    assertEquals(await client.events(1), [
      { topic: { inner, is_string: false }, event: null, payload: "0102" },
    ]);
    assertEquals(await client.call("unsubscribe_from", { topic }), OK);
    assertEquals(await client.call("subscribe_and_emit", { topic: "other", n: 4 }), OK);
    const log = await client.call("topic_log");
    assert("ok" in log && JSON.stringify(log.ok).includes("+news"));
  });
});

test(
  "Rust to Rust: counter as in the README, at every level of compression",
  { skip },
  async () => {
    for (const level of [0, 1, 6, 9]) {
      await between("counter", async (client) => {
        assertEquals(await client.call("new_counter"), OK);
        const [greeting] = await client.events(1);
        assertEquals(greeting?.event, { v: "ServerSentTest" });
        assertEquals(await client.call("increment", { amount: 5 }), OK);
        assertEquals(await client.call("decrement", { amount: 2 }), OK);
        assertEquals((await client.events(2)).map(({ event }) => event), [
          { v: "Incremented", f: { to: 5, from: 0 } },
          { v: "Decremented", f: { to: 3, from: 5 } },
        ]);
        assertEquals(await client.call("get"), { ok: 3 });
        assertEquals((await client.until(({ counter }) => counter === 3))["counter"], 3);
      }, level);
    }
  },
);

test("Rust to Rust: pet", { skip }, async () => {
  await between("pet", async (client) => {
    assertEquals(await client.call("make_a_noise"), OK);
    const rex = { name: "Rex", age: 3, breed: "German Shepherd" };
    assertEquals(await client.call("become_dog", rex), OK);
    assertEquals(await client.call("make_a_noise"), { ok: { some: "Rex says woof!" } });
    assertEquals(await client.call("become_cat", rex), OK);
    assertEquals(await client.call("make_a_noise"), { ok: { some: "Rex says meow!" } });
    const cat = { pet: { some: { v: "Cat", f: rex } } };
    assertEquals(await client.until((state) => JSON.stringify(state).includes("Cat")), cat);
  });
});

test("Rust to Rust: todo", { skip }, async () => {
  await between("todo", async (client) => {
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
  });
});

test("Rust to Rust: custom, alone and a hundred calls at once", { skip }, async () => {
  await between("custom", async (client) => {
    assertEquals(await client.call("increment", { amount: 10 }), { ok: 10 });
    assertEquals(await client.call("decrement", { amount: 5 }), { ok: 5 });
    assertEquals(await client.call("get"), { ok: 5 });
    assertEquals(await client.call("test_overhead"), OK);
    const burst = Array.from({ length: 100 }, () => ({ call: "get" }));
    assertEquals(await client.burst(burst), burst.map(() => ({ ok: 5 })));
    await client.disconnect();
    assertEquals(await client.call("get"), { failed: "disconnected" });
  });
});
