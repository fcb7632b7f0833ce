import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { frameStored, readAnswer, write } from "../transcripts/messages.ts";
import { type Meaning, readTranscripts } from "../transcripts/transcripts.ts";
import { type JsonObject, startServer } from "./peer.ts";
import { Probe } from "./probe.ts";
import { serverProgram, type ServerSide, SKIP } from "./programs.ts";

const SERVERS: readonly ServerSide[] = ["Rust", "Deno", "Bun"];
const BINARY = 2;
const encoder = new TextEncoder();

/** Calls of `echo` over a probe. */
class Caller {
  readonly probe: Probe;
  readonly #methods = new Map<number, string>();

  constructor(probe: Probe) {
    this.probe = probe;
  }

  send(id: number, call: string, args: JsonObject = {}): void {
    this.#methods.set(id, call);
    this.probe.send(BINARY, frameStored(write("echo", { call, id, args })));
  }

  async next(): Promise<Meaning> {
    return readAnswer("echo", await this.probe.archive(), this.#methods);
  }

  /** Shows that the connection works. */
  async echo(v = 7, id = 200): Promise<void> {
    this.send(id, "echo_u8", { v });
    assertEquals(await this.next(), { reply: "echo_u8", id, ok: v });
  }
}

for (const side of SERVERS) {
  const on = (name: string, body: (port: number) => Promise<void>): void => {
    test(`${side} server: ${name}`, { skip: SKIP }, async () => {
      await using server = await startServer(serverProgram(side)!, "echo");
      await body(server.port);
    });
  };
  const withCaller = (name: string, body: (caller: Caller) => Promise<void>): void => {
    on(name, async (port) => {
      using probe = await Probe.open(port);
      assertEquals(probe.status, 101);
      await body(new Caller(probe));
    });
  };

  on("answers hl/2 and the level that was asked for", async (port) => {
    const levels: readonly (readonly [string | null, string])[] = [
      ...Array.from({ length: 10 }, (_, level) => [`${level}`, `${level}`] as const),
      ["06", "6"],
      [" 3 ", "3"],
      ["+4", "4"],
      ...[null, "", "10", "255", "256", "-1", "3.0", "garbage"].map((text) => [text, "6"] as const),
    ];
    for (const [asked, answered] of levels) {
      using probe = await Probe.open(port, { "x-hl-compress": asked });
      assertEquals(probe.status, 101);
      assertEquals(probe.header("sec-websocket-protocol"), "hl/2");
      assertEquals([asked, probe.header("x-hl-compress")], [asked, answered]);
    }
    using twice = await Probe.open(port, { "x-hl-compress": "3" }, "x-hl-compress: 5\r\n");
    assertEquals(twice.header("x-hl-compress"), "3");
  });

  on("refuses other protocols with 400", async (port) => {
    for (const protocol of [null, "hl/1", "chat", "HL/2", "hl/1, chat"]) {
      using probe = await Probe.open(port, { "Sec-WebSocket-Protocol": protocol });
      assertEquals([protocol, probe.status], [protocol, 400]);
      assertEquals(probe.header("sec-websocket-protocol"), undefined);
      // Rust goes on after its 400; ours is an answer, and no WebSocket.
      if (side === "Rust") await new Caller(probe).echo();
      else assertEquals(probe.header("upgrade"), undefined);
    }
  });

  on("drops or refuses what Rust drops", async (port) => {
    for (const { step, deflated, verdict } of readTranscripts()) {
      if (verdict !== "dropped") continue;
      using probe = await Probe.open(port);
      probe.send(BINARY, decodeHex(deflated));
      if (side === "Rust") await new Caller(probe).echo();
      else {
        const { opcode, payload } = await probe.frame();
        assertEquals([step, opcode, payload[0]! << 8 | payload[1]!], [step, 8, 4002]);
      }
    }
  });

  withCaller("answers a call it cannot decode with ServerDecodeError", async (caller) => {
    for (const { step, deflated, verdict } of readTranscripts()) {
      if (verdict !== "ServerDecodeError") continue;
      caller.probe.send(BINARY, decodeHex(deflated));
      const answer = encodeHex(await caller.probe.archive());
      assertEquals([step, answer], [step, `000100000105${"00".repeat(18)}`]);
    }
    await caller.echo();
  });

  withCaller("takes archives made by hand that Rust takes", async (caller) => {
    const rows = readTranscripts();
    for (const { step, deflated, from, verdict } of rows) {
      if (verdict !== "accepted" || from !== "client") continue;
      if (!/^(padding_dirty|internal at odd|id_255)/.test(step)) continue;
      const answer = rows.find((row) => row.step === step && row.from === "server");
      caller.probe.send(BINARY, decodeHex(deflated));
      assertEquals([step, encodeHex(await caller.probe.archive())], [step, answer?.inflated]);
    }
  });

  withCaller("ignores text and pongs, answers pings, joins fragments", async (caller) => {
    const { probe } = caller;
    probe.send(1, encoder.encode("text"));
    probe.send(10, encoder.encode("unasked"));
    await caller.echo(1);
    probe.send(9, encoder.encode("ping"));
    const pong = await probe.frame();
    assertEquals([pong.opcode, new TextDecoder().decode(pong.payload)], [10, "ping"]);
    const message = frameStored(write("echo", { call: "nothing", id: 5, args: {} }));
    probe.send(BINARY, message.subarray(0, 3), false);
    probe.send(0, message.subarray(3, 9), false);
    probe.send(0, message.subarray(9));
    assertEquals(
      await caller.probe.archive(),
      write("echo", { reply: "nothing", id: 5, ok: null }),
    );
    await caller.echo(2);
  });

  withCaller("answers a close with its code and reason", async ({ probe }) => {
    const payload = Uint8Array.from([0x0f, 0xa0, ...encoder.encode("bye")]);
    probe.send(8, payload);
    const { opcode, payload: echoed } = await probe.frame();
    assertEquals(opcode, 8);
    assertEquals(echoed.subarray(0, 2), payload.subarray(0, 2));
    // Rust leaves the connection as it is, for ever.
    if (side !== "Rust") await probe.closed();
  });

  withCaller("ignores a second call with a taken id", async (caller) => {
    caller.send(3, "sleep_ms", { ms: 100, tag: 1 });
    caller.send(3, "sleep_ms", { ms: 10, tag: 2 });
    assertEquals(await caller.next(), { reply: "sleep_ms", id: 3, ok: 1 });
    await caller.echo(9, 3);
  });

  withCaller("answers each of 256 calls in flight", async (caller) => {
    for (let id = 0; id < 256; id++) caller.send(id, "sleep_ms", { ms: 20, tag: id + 1000 });
    const answers = new Map<number, unknown>();
    while (answers.size < 256) {
      const answer = await caller.next();
      assert("ok" in answer);
      answers.set(answer.id, answer.ok);
    }
    for (const [id, tag] of answers) assertEquals(tag, id + 1000);
  });

  withCaller("sends state changes, and no more than changed", async (caller) => {
    for (let n = 1; n <= 50; n++) {
      caller.send(1, "set_counter", { n });
      const both = [await caller.next(), await caller.next()];
      const reply = { reply: "set_counter", id: 1, ok: n - 1 };
      const change = { state: { counter: n } };
      // State first is our promise; Rust makes none.
      assertEquals(side === "Rust" && "reply" in both[0]! ? both.reverse() : both, [change, reply]);
    }
    for (const method of ["touch", "flip_flop"]) {
      caller.send(2, method);
      assertEquals(await caller.next(), { reply: method, id: 2, ok: null });
    }
    caller.send(3, "panic_dirty", { n: 999 });
    const both = [await caller.next(), await caller.next()];
    if (side === "Rust") both.sort((a) => "state" in a ? -1 : 1);
    const reply = { reply: "panic_dirty", id: 3, err: "HandlerPanicked" };
    assertEquals(both, [{ state: { counter: 999 } }, reply]);
    caller.send(4, "two_writes", { n: 5 });
    const three = [await caller.next(), await caller.next(), await caller.next()];
    assertEquals(three.filter((one) => "state" in one).length, 2);
    if (side !== "Rust") {
      const first = { state: { counter: 5 } };
      const second = { state: { counter: 6 } };
      assertEquals(three, [first, second, { reply: "two_writes", id: 4, ok: 5 }]);
    }
  });

  on("tells when a topic comes and goes", async (port) => {
    using probe = await Probe.open(port);
    const caller = new Caller(probe);
    const { next } = { next: () => caller.next() };
    caller.send(1, "subscribe_to", { topic: "t1" });
    assertEquals(await next(), { reply: "subscribe_to", id: 1, ok: null });
    caller.send(1, "subscribe_to", { topic: "t1" });
    assertEquals(await next(), { reply: "subscribe_to", id: 1, ok: null });
    caller.send(1, "unsubscribe_from", { topic: "t1" });
    assertEquals(await next(), { reply: "unsubscribe_from", id: 1, ok: null });
    using other = await Probe.open(port);
    const leaving = new Caller(other);
    leaving.send(1, "subscribe_to", { topic: "t2" });
    assertEquals(await leaving.next(), { reply: "subscribe_to", id: 1, ok: null });
    other.send(8, Uint8Array.of(0x03, 0xe8));
    assertEquals((await other.frame()).opcode, 8);
    // Rust never notices that a connection has ended, and so never reports its topics as removed.
    const expected = side === "Rust" ? ["+t1", "-t1", "+t2"] : ["+t1", "-t1", "+t2", "-t2"];
    let log: unknown;
    for (let i = 0; i < 200 && JSON.stringify(log) !== JSON.stringify(expected); i++) {
      caller.send(2, "topic_log");
      const answer = await next();
      log = "ok" in answer ? answer.ok : answer;
    }
    assertEquals(log, expected);
  });
}
