import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Heartbeat } from "../../runtime/websocket/heartbeat.ts";
import { memoryDialer, MemoryNetwork } from "../../runtime/memory.ts";
import { EchoAcceptor, Recorder } from "../support/echo.ts";
import { FakeClock } from "../support/fake_clock.ts";

test("Heartbeat pings after n ms of silence, gives up after 2 n, and neither a millisecond sooner", () => {
  const clock = new FakeClock();
  const told: string[] = [];
  new Heartbeat({
    clock,
    idleTimeoutMs: 100,
    ping: () => told.push("ping"),
    onDead: () => told.push("dead"),
  });
  clock.advance(99);
  assertEquals(told, []);
  clock.advance(1);
  assertEquals(told, ["ping"]);
  clock.advance(99);
  assertEquals(told, ["ping"]);
  clock.advance(1);
  assertEquals([told, clock.pending], [["ping", "dead"], 0]);
});

test("Heartbeat counts everything received as a sign of life, and stops on stop()", () => {
  const clock = new FakeClock();
  let dead = 0;
  const heartbeat = new Heartbeat({
    clock,
    idleTimeoutMs: 100,
    ping() {},
    onDead: () => dead++,
  });
  for (let i = 0; i < 10; i++) {
    clock.advance(199);
    heartbeat.heard();
  }
  assertEquals(dead, 0);
  heartbeat.stop();
  assertEquals(clock.pending, 0);
});

test("Heartbeat asks before it gives a peer up, however long the process was suspended", () => {
  for (const beforeMs of [0, 50, 99]) {
    const clock = new FakeClock();
    const told: string[] = [];
    new Heartbeat({
      clock,
      idleTimeoutMs: 100,
      ping: () => told.push("ping"),
      onDead: () => told.push("dead"),
    });
    clock.advance(beforeMs);
    clock.suspend(10_000);
    clock.advance(99);
    assertEquals(told, ["ping"]);
    clock.advance(1);
    assertEquals([told, clock.pending], [["ping", "dead"], 0]);
  }
});

test("Heartbeat that pinged before a suspension hears what waits before it gives up", () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const heartbeat = new Heartbeat({
    clock,
    idleTimeoutMs: 100,
    ping: () => told.push("ping"),
    onDead: () => told.push("dead"),
  });
  clock.advance(150);
  clock.suspend(10_000);
  heartbeat.heard();
  clock.advance(199);
  assertEquals(told, ["ping", "ping"]);
  clock.advance(1);
  assertEquals(told, ["ping", "ping", "dead"]);
});

test("both sides of a frozen memory network end with 4000 after twice idleTimeoutMs", async () => {
  const clock = new FakeClock();
  const network = new MemoryNetwork(clock);
  const acceptor = Object.assign(new EchoAcceptor(), { idleTimeoutMs: 100 });
  const client = await Recorder.dial(memoryDialer(acceptor, network), "ws://memory/", {
    idleTimeoutMs: 300,
  });
  // Pings are answered for as long as the network is there.
  for (let i = 0; i < 20; i++) {
    clock.advance(100);
    await Promise.resolve();
  }
  client.send(Uint8Array.of(1));
  assertEquals((await client.received(1)).length, 1);
  network.freeze();
  clock.advance(199);
  assertEquals([acceptor.ended.length, client.ended.length], [0, 0]);
  clock.advance(1);
  assertEquals(acceptor.ended.map(({ code }) => code), [4000]);
  await Promise.resolve();
  clock.advance(399);
  assertEquals(client.ended, []);
  clock.advance(1);
  assertEquals([client.ended.map(({ code }) => code), clock.pending], [[4000], 0]);
});
