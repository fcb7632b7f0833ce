import { assert, assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { memoryPair } from "../../memory.ts";
import type { Schema } from "../../codec/mod.ts";
import {
  bool,
  type CallsOf,
  type ClientMethodsOf,
  rpc,
  service,
  string,
  u32,
  u8,
} from "../../mod.ts";
import { MAX_CALLS_IN_FLIGHT } from "../../wire/page_limits.ts";
import { createCore, type ServerOptions } from "../../server/server_core.ts";
import { type ProtocolError, RpcError } from "../../wire/errors.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { turn } from "./support.ts";
import { until } from "../support/until.ts";

const Asking = service({
  rpc: { ask: rpc({}, bool), quick: rpc({}, u32) },
  client: { confirm: rpc({ text: string }, bool), note: rpc({ text: string }) },
  state: { seen: u32 },
});
const [ASK, QUICK] = Asking.methods;

class AskedClient extends ScriptedClient {
  reply<T>(id: number, schema: Schema<T>, value: T): void {
    this.write((writer) => writeReply(interpret, writer, id, schema, value));
  }

  failed(id: number, code: Parameters<typeof writeFailed>[2]): void {
    this.write((writer) => writeFailed(writer, id, code));
  }

  /** The ids that the server called by, since the last time. */
  calls(): number[] {
    return this.take().filter((line) => line.startsWith("call"))
      .map((line) => Number(line.split(" ")[1]));
  }
}

async function asking(options: ServerOptions<undefined> = {}) {
  const errors: unknown[] = [];
  const clock = new FakeClock();
  const clients: CallsOf<ClientMethodsOf<typeof Asking>>[] = [];
  const states: { seen: number }[] = [];
  const core = createCore(
    Asking,
    { onError: (error) => errors.push(error), ...options },
    ({ client, state }) => {
      clients.push(client);
      states.push(state);
      return { ask: () => client.confirm({ text: "Sure?" }), quick: () => 7 };
    },
    testDeflater,
    clock,
  );
  const connect = async (extension = true) => {
    const request = upgradeRequest({}, extension ? "/?hl-x=1" : "/");
    const upgrade = await core.acceptor.upgrade(request, { address: "test" });
    if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
    return new AskedClient().open(upgrade);
  };
  const connection = await connect();
  return { core, clock, errors, connection, connect, clients, states };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => undefined, (reason) => reason);
  return error instanceof RpcError ? error.code : String(error);
}

test("a server calls its client while the client's own call waits", async () => {
  const { connection, core } = await asking();
  connection.call(5, ASK!.call);
  await turn();
  const [sent] = connection.take();
  assertEquals(sent!.slice(0, 7), "call 0 ");
  // Its ids are its own.
  connection.call(0, QUICK!.call);
  assertEquals(connection.take(), ["response 0 07000000"]);
  assertEquals([core.stats().clientCalls, core.stats().clientCallsInFlight], [1, 1]);
  connection.reply(0, bool, true);
  await turn();
  assertEquals(connection.take(), ["response 5 01"]);
  assertEquals([core.stats().clientCalls, core.stats().clientCallsInFlight], [1, 0]);
});

test("a call of a method without an output resolves to nothing", async () => {
  const { connection, clients } = await asking();
  const note = clients[0]!.note({ text: "a" });
  connection.reply(0, Asking.clientMethods[1]!.output, undefined);
  assertEquals(await note, undefined);
});

test("a client that fails a call rejects it with its code", async () => {
  const { connection, clients, errors } = await asking();
  const call = clients[0]!.confirm({ text: "a" });
  connection.failed(0, "HandlerPanicked");
  assertEquals([await codeOf(call), errors], ["HandlerPanicked", []]);
});

test("a deadline rejects a call and tells the client; its id is free when the late answer came", async () => {
  const { connection, clients, clock, core } = await asking({ limits: { callTimeoutMs: 2000 } });
  const short = clients[0]!.confirm({ text: "a" }, { timeoutMs: 500 });
  const long = clients[0]!.confirm({ text: "b" });
  connection.take();
  clock.advance(500);
  assertEquals([await codeOf(short), connection.take()], ["DeadlineExceeded", ["cancel 0"]]);
  clock.advance(1500);
  assertEquals([await codeOf(long), connection.take()], ["DeadlineExceeded", ["cancel 1"]]);
  assertEquals([core.stats().clientCallsInFlight, clock.pending], [2, 0]);
  connection.reply(0, bool, true);
  connection.reply(0, bool, true);
  connection.failed(1, "HandlerPanicked");
  assertEquals([core.stats().clientCallsInFlight, connection.closedWith], [0, undefined]);
});

test("any number of calls of any number of clients listen to one signal by one listener", async () => {
  const { connect, clients } = await asking();
  await connect();
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  const log: string[] = [];
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    log.push("added");
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    log.push("removed");
    remove(...args);
  }) as typeof remove;
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", onWarning);
  const calls = clients.flatMap((client) =>
    Array.from({ length: 100 }, () => codeOf(client.confirm({ text: "a" }, { signal })))
  );
  await turn();
  assertEquals(log, ["added"]);
  controller.abort();
  assertEquals(new Set(await Promise.all(calls)), new Set(["Cancelled"]));
  await turn();
  process.off("warning", onWarning);
  assertEquals([log, calls.length, warnings], [["added", "removed"], 200, []]);
});

test("a signal cancels a call, at once if it has aborted before", async () => {
  const { connection, clients, clock } = await asking();
  const controller = new AbortController();
  const call = clients[0]!.confirm({ text: "a" }, { signal: controller.signal });
  connection.take();
  controller.abort("enough");
  const error = await assertRejects(() => call, RpcError);
  assertEquals([error.code, error.cause, connection.take()], ["Cancelled", "enough", ["cancel 0"]]);
  assertEquals(error.message, "Cannot call confirm of the client: the signal aborted");
  const { signal } = controller;
  assertEquals(await codeOf(clients[0]!.confirm({ text: "b" }, { signal })), "Cancelled");
  assertEquals([connection.take(), clock.pending], [[], 0]);
});

test(`${MAX_CALLS_IN_FLIGHT} calls may be in flight, one more is refused, and ids are reused`, async () => {
  const { connection, clients, core } = await asking();
  const calls = Array.from(
    { length: MAX_CALLS_IN_FLIGHT },
    () => clients[0]!.confirm({ text: "" }),
  );
  assertEquals(connection.calls(), Array.from({ length: MAX_CALLS_IN_FLIGHT }, (_, id) => id));
  const over = clients[0]!.confirm({ text: "" });
  assertEquals(await codeOf(over), "TooManyCallsInFlight");
  for (const id of [9, 3]) connection.reply(id, bool, true);
  assertEquals(await Promise.all([calls[9], calls[3]]), [true, true]);
  const more = [clients[0]!.confirm({ text: "" }), clients[0]!.confirm({ text: "" })];
  assertEquals(connection.calls(), [3, 9]);
  connection.hangUp();
  const outcomes = await Promise.all(
    [...calls.filter((_, id) => id !== 3 && id !== 9), ...more].map(codeOf),
  );
  assertEquals(new Set(outcomes), new Set(["ConnectionLost"]));
  assertEquals(core.stats().clientCallsInFlight, 0);
});

test("a client that never answers is asked no more than its ids, until an answer frees one", async () => {
  const { connection, clients, clock, core } = await asking({ limits: { callTimeoutMs: 2000 } });
  const ask = () => codeOf(clients[0]!.confirm({ text: "" }));
  const calls = Array.from({ length: MAX_CALLS_IN_FLIGHT }, ask);
  clock.advance(2000);
  assertEquals(new Set(await Promise.all(calls)), new Set(["DeadlineExceeded"]));
  assertEquals([await ask(), core.stats().clientCallsInFlight], ["TooManyCallsInFlight", 256]);
  connection.take();
  connection.reply(77, bool, true);
  const call = clients[0]!.confirm({ text: "" });
  assertEquals(connection.calls(), [77]);
  connection.reply(77, bool, true);
  assertEquals([await call, clock.pending], [true, 0]);
});

test("the end of a connection rejects calls in flight, and later calls", async () => {
  const { connection, clients, clock } = await asking();
  const call = clients[0]!.confirm({ text: "a" });
  connection.hangUp();
  assertEquals(await codeOf(call), "ConnectionLost");
  assertEquals(await codeOf(clients[0]!.confirm({ text: "a" })), "ClientNotConnected");
  assertEquals(clock.pending, 0);
});

test("without the extension calling a client fails at once", async () => {
  const { connect, clients, clock } = await asking();
  const old = await connect(false);
  assertEquals(await codeOf(clients[1]!.confirm({ text: "a" })), "StreamsUnsupported");
  assertEquals([old.take(), old.closedWith, clock.pending], [[], undefined, 0]);
});

test("arguments that do not fit reject with the path, and nothing is sent", async () => {
  const { connection, clients, core, clock } = await asking();
  const error = await assertRejects(
    () => clients[0]!.confirm({ text: 7 as unknown as string }),
    RpcError,
  );
  assertEquals([error.code, error.message.includes("text")], ["ServerEncodeError", true]);
  assertEquals([connection.take(), core.stats().clientCallsInFlight, clock.pending], [[], 0, 0]);
});

test("options that are none are refused", async () => {
  const { clients } = await asking();
  for (const options of [{ timeoutMs: 0 }, { timeoutMs: NaN }, { timeout: 7 }, { signal: 7 }]) {
    const error = await clients[0]!.confirm({ text: "" }, options as never).catch((reason) =>
      reason
    );
    assert(error instanceof RangeError || error instanceof TypeError, String(error));
  }
});

test("arguments larger than the client accepts reject, and the connection goes on", async () => {
  const { core, clients } = await asking();
  const upgrade = await core.acceptor.upgrade(
    upgradeRequest({}, "/?hl-x=1&hl-max=1000.4000"),
    { address: "test" },
  );
  if (upgrade instanceof Response) throw new TypeError("refused");
  const small = new AskedClient().open(upgrade);
  const call = clients[1]!.confirm({ text: "a".repeat(5000) });
  assertEquals(await codeOf(call), "ServerEncodeError");
  const fits = clients[1]!.confirm({ text: "a".repeat(3000) });
  small.reply(small.calls()[0]!, bool, true);
  assertEquals(await fits, true);
});

test("an answer that does not decode rejects its call and breaks the protocol", async () => {
  const { connection, clients, errors } = await asking();
  const call = clients[0]!.confirm({ text: "a" });
  connection.reply(0, u8, 7);
  assertEquals(await codeOf(call), "ServerDecodeError");
  assertEquals(connection.closedWith?.code, 4002);
  assertEquals(errors.map((error) => (error as ProtocolError).code), ["BadReply"]);
});

test("answers to calls that there are not are ignored", async () => {
  const { connection, core } = await asking();
  connection.reply(3, bool, true);
  connection.failed(255, "HandlerPanicked");
  connection.call(1, QUICK!.call);
  assertEquals([connection.take(), core.stats().protocolErrors], [["response 1 07000000"], 0]);
});

test("what has changed in the state reaches the client before the call does", async () => {
  const { connection, clients, states } = await asking();
  states[0]!.seen = 3;
  void clients[0]!.confirm({ text: "a" }).catch(() => {});
  assertEquals(connection.take().map((line) => line.split(" ")[0]), ["state", "call"]);
  connection.hangUp();
});

test("onError does not hear of handlers whose call of the client ends with the connection, but of others", async () => {
  const Nested = service({
    rpc: { signalled: rpc(), plain: rpc(), broken: rpc() },
    client: { hang: rpc() },
  });
  const reported: string[] = [];
  const pair = await memoryPair(Nested, ({ client }) => ({
    signalled: (_, { signal }) => client.hang({}, { signal }),
    plain: () => client.hang(),
    broken: () => client.hang().catch(() => Promise.reject(new Error("of its own"))),
  }), {
    server: { onError: (error, { where }) => void reported.push(`${where}: ${error}`) },
    client: { client: { hang: () => new Promise<void>(() => {}) } },
  });
  const { rpc: calls } = pair.client;
  const settled = Promise.allSettled([calls.signalled(), calls.plain(), calls.broken()]);
  await until(() => pair.server.stats().clientCallsInFlight >= 3);
  await pair.client.close();
  await settled;
  await until(() => reported.length !== 0);
  await turn();
  assertEquals(reported, ["broken: Error: of its own"]);
  await pair.close();
});
