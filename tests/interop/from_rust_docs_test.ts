/**
 * `docs/from-rust.md` against a real server of the crate: its example, and the effect of each mismatch.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { connect } from "../../client.ts";
import { Counter, CounterEvent } from "../../examples/counter/service.ts";
import {
  ProtocolError,
  rpc,
  RpcError,
  service,
  string,
  topic,
  u32,
  u64,
  variants,
  wireSnapshot,
} from "../../mod.ts";
import { filesOf, inFolder, resolved, runFile, textOf } from "../docs/markdown.ts";
import { startServer } from "./peer.ts";
import { RUST, SKIP } from "./programs.ts";

const amount = { amount: u32 };
const state = { counter: u32, topic };
const event = CounterEvent;
const methods = {
  newCounter: rpc(),
  increment: rpc(amount),
  decrement: rpc(amount),
  get: rpc({}, u32),
};
const rustServer = () => startServer(RUST ?? "", "counter");

const page = textOf("docs/from-rust.md");
const files = filesOf(page);

test("docs/from-rust.md shows the service that is tested, in Rust and here", async () => {
  const [rust = ""] = /(?<=```rust\n)[\s\S]*?(?=```)/.exec(page) ?? [];
  const peer = textOf("tests/interop/peer/src/services/counter.rs");
  for (const start of ["pub enum CounterEvent {", "pub trait Counter {", "pub struct State {"]) {
    const part = rust.slice(rust.indexOf(start)).split("\n}\n")[0]!;
    assert(part.startsWith(start) && peer.includes(part), start);
  }
  await inFolder(async (folder) => {
    const path = join(folder, "counter.ts");
    writeFileSync(path, resolved(files.get("counter.ts")!));
    const { Counter: shown } = await import(pathToFileURL(path).href) as {
      Counter: typeof Counter;
    };
    const wire = (service: typeof Counter) => wireSnapshot(service).split("\n").slice(1);
    assertEquals(wire(shown), wire(Counter));
  });
});

test("docs/from-rust.md: its client calls a server of the crate", { skip: SKIP }, async () => {
  await using server = await rustServer();
  await inFolder(async (folder) => {
    const client = files.get("client.ts")!.replace(":8080", `:${server.port}`);
    writeFileSync(join(folder, "counter.ts"), resolved(files.get("counter.ts")!));
    writeFileSync(join(folder, "client.ts"), resolved(client));
    assertEquals(await runFile(join(folder, "client.ts")), ["3", "3"]);
  });
});

test("docs/from-rust.md: two methods with equal arguments swapped: the other one runs", {
  skip: SKIP,
}, async () => {
  const { newCounter, increment, decrement, get } = methods;
  const Swapped = service({
    rpc: { newCounter, decrement, increment, get },
    state,
    event,
  });
  await using server = await rustServer();
  const url = `wss://localhost:${server.port}`;
  await using client = await connect(Swapped, url, { tls: "self-signed" });
  await client.rpc.newCounter();
  await client.rpc.increment({ amount: 3 });
  assertEquals(await client.rpc.get(), 2 ** 32 - 3);
});

test("docs/from-rust.md: a method that the server does not have: ServerDecodeError", {
  skip: SKIP,
}, async () => {
  const More = service({ rpc: { ...methods, reset: rpc() }, state, event });
  await using server = await rustServer();
  const url = `wss://localhost:${server.port}`;
  await using client = await connect(More, url, { tls: "self-signed" });
  const error = await assertRejects(() => client.rpc.reset(), RpcError);
  assertEquals(error.code, "ServerDecodeError");
});

test("docs/from-rust.md: an argument's type: the layout of all calls changes", {
  skip: SKIP,
}, async () => {
  const Wider = service({
    rpc: { ...methods, increment: rpc({ amount: u64 }) },
    state,
    event,
  });
  await using server = await rustServer();
  const url = `wss://localhost:${server.port}`;
  const options = { tls: "self-signed", onError: () => {} } as const;
  await using client = await connect(Wider, url, options);
  const error = await assertRejects(() => client.rpc.get(), RpcError);
  assert(["ServerDecodeError", "ClientDecodeError"].includes(error.code), error.code);
});

test("docs/from-rust.md: an output's type: ClientDecodeError", { skip: SKIP }, async () => {
  const Text = service({ rpc: { ...methods, get: rpc({}, string) }, state, event });
  await using server = await rustServer();
  const url = `wss://localhost:${server.port}`;
  const options = { tls: "self-signed", onError: () => {} } as const;
  await using client = await connect(Text, url, options);
  await client.rpc.newCounter();
  const error = await assertRejects(() => client.rpc.get(), RpcError);
  assertEquals(error.code, "ClientDecodeError");
  assertStringIncludes(error.message, "does the server declare it alike?");
});

test("docs/from-rust.md: the order of state fields: onError gets the field", {
  skip: SKIP,
}, async () => {
  const Turned = service({ rpc: methods, state: { topic, counter: u32 }, event });
  await using server = await rustServer();
  const url = `wss://localhost:${server.port}`;
  let tell = (_: unknown) => {};
  const told = new Promise((resolve) => tell = resolve);
  const options = {
    tls: "self-signed",
    reconnect: false,
    onError: (e: unknown) => tell(e),
  } as const;
  await using client = await connect(Turned, url, options);
  await client.rpc.newCounter().catch(() => {});
  await client.rpc.increment({ amount: 3 }).catch(() => {});
  const error = await told;
  assert(error instanceof ProtocolError);
  assertEquals([error.code, error.closeCode], ["BadState", 4002]);
  assertStringIncludes(error.message, "state.");
  assertEquals(client.state.current.counter, 0);
});

test(
  "docs/from-rust.md: an event's type: it is skipped and onError is notified, or it is another value",
  {
    skip: SKIP,
  },
  async () => {
    const wider = { to: u64, from: u64 };
    const Wider = service({
      rpc: methods,
      state,
      event: variants({ incremented: wider, decremented: wider, serverSentTest: null }),
    });
    const Texts = service({ rpc: methods, state, event: string });
    await using server = await rustServer();
    const url = `wss://localhost:${server.port}`;
    let tell = (_: unknown) => {};
    const told = new Promise((resolve) => tell = resolve);
    const options = { tls: "self-signed", onError: (e: unknown) => tell(e) } as const;
    await using client = await connect(Wider, url, options);
    await using _events = client.events();
    await client.rpc.newCounter();
    await client.rpc.increment({ amount: 3 });
    const error = await told;
    assert(error instanceof ProtocolError, String(error));
    assertEquals([error.code, client.status.state], ["BadEvent", "open"]);
    assertEquals(await client.rpc.get(), 3);

    // The last 8 bytes, 3 and 0, are an empty string as well.
    await using other = await connect(Texts, url, { tls: "self-signed" });
    const texts = other.events();
    await other.rpc.newCounter();
    await other.rpc.increment({ amount: 3 });
    assertEquals((await texts.next()).value?.payload, "");
    await texts.return();
  },
);
