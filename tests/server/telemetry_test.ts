import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ServerTelemetry, type ServerTrace } from "../../server/telemetry.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { call, setUp, turn } from "./support.ts";
import { deferred } from "../support/deferred.ts";

test("stats() counts calls, messages and bytes, and shows what there is now", async () => {
  const setup = setUp({ authorize: () => true });
  const first = await ScriptedClient.connect(setup.core);
  const { promise, resolve } = deferred<number>();
  setup.script = () => promise;
  setup.contexts[0]!.subscriptions.add("a");
  setup.contexts[0]!.subscriptions.add("b");
  first.call(1, call.run, { script: "" });
  first.call(2, call.nothing);
  first.rawCall(3, new Uint8Array([255]));
  setup.core.events.emit("a", { type: "quiet" });
  const { bytesReceived, bytesSent, ...stats } = setup.core.stats();
  assertEquals(stats, {
    connectionsOpened: 1,
    connectionsRefused: 0,
    slowConsumersClosed: 0,
    protocolErrors: 0,
    callsReceived: 3,
    callsFailed: 1,
    callsLimited: 0,
    callsCancelled: 0,
    clientCalls: 0,
    clientCallsInFlight: 0,
    itemsReceived: 0,
    itemsSent: 0,
    streamsOpen: 0,
    messagesReceived: 3,
    eventsDelivered: 1,
    eventsTooBig: 0,
    connections: 1,
    callsInFlight: 1,
    subscriptions: 2,
    topics: 2,
    bufferedBytes: 0,
    heldBytes: 0,
  });
  assertEquals([bytesReceived > 30, bytesSent > 30], [true, true]);
  first.bytes(new Uint8Array([1, 2, 3]));
  await setup.core.acceptor.upgrade(upgradeRequest({ "sec-websocket-protocol": "no" }), {
    address: "",
  });
  resolve(0);
  await turn();
  const last = setup.core.stats();
  assertEquals(
    [last.protocolErrors, last.connectionsRefused, last.connections, last.callsInFlight],
    [1, 1, 0, 0],
  );
  assertEquals([last.subscriptions, last.topics, last.bytesSent], [0, 0, bytesSent]);
});

test("onTrace is notified of connections and calls, and cannot disturb them", async () => {
  const traces: ServerTrace[] = [];
  const setup = setUp({
    onTrace(trace) {
      traces.push(trace);
      throw new Error("a watcher that fails");
    },
  });
  const client = await ScriptedClient.connect(setup.core);
  client.call(1, call.get);
  setup.script = () => Promise.reject(new Error("secret"));
  client.call(2, call.run, { script: "" });
  await turn();
  await setup.core.acceptor.upgrade(upgradeRequest({ origin: "https://evil.example" }), {
    address: "",
  });
  client.hangUp();
  assertEquals(client.take(), ["response 1 00000000", "error 2 HandlerPanicked"]);
  const peer = { address: "test" };
  assertEquals(
    traces.map((trace) => trace.type === "call" ? { ...trace, durationMs: 0 } : trace),
    [
      { type: "opened", connection: 1, peer },
      { type: "call", connection: 1, method: "get", durationMs: 0, code: undefined },
      { type: "call", connection: 1, method: "run", durationMs: 0, code: "HandlerPanicked" },
      { type: "refused", peer: { address: "" }, code: "OriginRefused" },
      { type: "closed", connection: 1, peer, code: 1006, reason: "" },
    ],
  );
});

test("onError names the service, the method and the connection", async () => {
  const setup = setUp();
  await ScriptedClient.connect(setup.core);
  const second = await ScriptedClient.connect(setup.core);
  const cause = new Error("secret");
  setup.script = () => {
    throw cause;
  };
  second.call(1, call.run, { script: "" });
  assertEquals(setup.errors, [{
    error: cause,
    context: {
      where: "run",
      method: "run",
      service: "demo",
      connection: 2,
      peer: { address: "test" },
    },
  }]);
});

test("onError gets what a handler throws after its connection has ended", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { promise, reject } = deferred<number>();
  setup.script = () => promise;
  client.call(1, call.run, { script: "" });
  client.hangUp();
  reject(new Error("too late"));
  await turn();
  assertEquals([client.take(), setup.errors.length], [[], 1]);
});

test("callRate answers calls over it without running them, and lets calls in again", async () => {
  const setup = setUp({ callRate: { perSecond: 0.001, burst: 3 } });
  let runs = 0;
  setup.script = () => runs++;
  const client = await ScriptedClient.connect(setup.core);
  for (let id = 0; id < 5; id++) client.call(id, call.run, { script: "" });
  assertEquals(client.take().map((each) => each.split(" ")[0]), [
    "response",
    "response",
    "response",
    "error",
    "error",
  ]);
  assertEquals([runs, setup.core.stats().callsLimited, client.closedWith], [3, 2, undefined]);
  const other = await ScriptedClient.connect(setup.core);
  other.call(0, call.get);
  assertEquals(other.take(), ["response 0 00000000"]);
  for (const perSecond of [0, -1, NaN, Infinity]) {
    assertThrows(() => setUp({ callRate: { perSecond } }), RangeError);
  }
  assertThrows(() => setUp({ callRate: { perSecond: 1, burst: 0 } }), RangeError);
});

test("ServerTelemetry makes a span and a duration a call, with the handler inside the span", () => {
  const log: string[] = [];
  const span = {
    setAttribute: (name: string, value: string) => log.push(`${name}=${value}`),
    setStatus: ({ code }: { code: number }) => log.push(`status ${code}`),
    end: () => log.push("end"),
  };
  const telemetry = new ServerTelemetry("demo", undefined, {
    tracer: {
      startSpan: () => span,
      startActiveSpan: (name, { kind, attributes }, run) => {
        log.push(`start ${name} ${kind} ${attributes["rpc.method"]}`);
        return run(span);
      },
    },
    durations: {
      record: (_, attributes) => log.push(`duration ${attributes["error.type"] ?? "ok"}`),
    },
    connections: { add: (value) => log.push(`connections ${value}`) },
  });
  telemetry.opened(1, { address: "" });
  const good = telemetry.call(1, "get");
  assertEquals(good.run(() => log.push("handler")) > 0, true);
  good.end(undefined);
  const bad = telemetry.call(1, "run");
  bad.run(() => {});
  bad.end("HandlerPanicked");
  telemetry.closed(1, { address: "" }, 1000, "");
  assertEquals(log, [
    "connections 1",
    "start demo/get 1 get",
    "handler",
    "end",
    "duration ok",
    "start demo/run 1 run",
    "error.type=HandlerPanicked",
    "status 2",
    "end",
    "duration HandlerPanicked",
    "connections -1",
  ]);
});
