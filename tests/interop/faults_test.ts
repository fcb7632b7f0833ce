import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { type ClientOf, connect, type ConnectOptions } from "../../client.ts";
import {
  type MethodsOf,
  ProtocolError,
  rpc,
  RpcError,
  service,
  type StateOf,
  string,
  u32,
  u64,
} from "../../mod.ts";
import { frameStored, write } from "../transcripts/messages.ts";
import { inflate } from "../../deflate/inflate.ts";
import { CLIENT_MESSAGE_BYTES } from "../../wire/layout.ts";
import { type Script, ScriptedServer } from "../support/scripted_server.ts";
import { startServer } from "./peer.ts";
import { RUST, SKIP } from "./programs.ts";
import { Custom, Echo } from "./services.ts";
import { until } from "../support/until.ts";
import { codeOf } from "../support/codes.ts";

const CLOSE = 8;
const TLS = { tls: "self-signed" } as const;
type Options = ConnectOptions<MethodsOf<typeof Echo>, StateOf<typeof Echo>>;

test("our client gives up a call that Rust does not answer, and goes on", {
  skip: SKIP,
}, async () => {
  await using server = await startServer(RUST ?? "", "echo");
  await using client = await connect(Echo, `wss://localhost:${server.port}`, TLS);
  const { rpc } = client;
  const late = rpc.sleepMs({ ms: 150, tag: 1 }, { timeoutMs: 20 });
  assertEquals(await codeOf(late), "DeadlineExceeded");
  // The late answer belongs to no call; it must not resolve the next call with that id.
  const tags = Array.from({ length: 255 }, (_, tag) => tag);
  assertEquals(await Promise.all(tags.map((tag) => rpc.sleepMs({ ms: 200, tag }))), tags);
  assertEquals(await rpc.echoU8({ v: 7 }), 7);
});

test("our client settles its calls when Rust is killed, and finds it again", {
  skip: SKIP,
}, async () => {
  const first = await startServer(RUST ?? "", "echo");
  const { port } = first;
  await using client = await connect(Echo, `wss://localhost:${port}`, TLS);
  await client.rpc.setCounter({ n: 5 });
  await client.state.until(({ counter }) => counter === 5);
  const pending = [1, 2, 3].map((tag) => codeOf(client.rpc.sleepMs({ ms: 60_000, tag })));
  await first.stop();
  assertEquals(await Promise.all(pending), Array(3).fill("ConnectionLost"));
  assertEquals(await codeOf(client.rpc.echoU8({ v: 7 })), "ClientNotConnected");
  const back = new Promise<void>((resolve) =>
    client.onStatus((status) => {
      if (status.state === "open") resolve();
    })
  );
  await using _second = await startServer(RUST ?? "", "echo", { port });
  await back;
  assertEquals(client.state.current.counter, 0);
  assertEquals(await client.rpc.echoU8({ v: 7 }), 7);
});

test("our client sees that Rust closed, and Rust that we did", { skip: SKIP }, async () => {
  await using server = await startServer(RUST ?? "", "custom");
  for (let i = 0; i < 20; i++) {
    await using client = await connect(Custom, `wss://localhost:${server.port}`, TLS);
    assertEquals(await client.rpc.increment({ amount: 2 }), 2);
  }
});

/** Runs this module's client against a server with a script. */
async function against(
  script: (connection: Script) => Promise<void>,
  body: (client: ClientOf<typeof Echo>) => Promise<void>,
  options: Options = {},
): Promise<void> {
  await using server = await ScriptedServer.start(async (connection) => {
    await connection.upgrade();
    await script(connection);
    while ((await connection.frame()).opcode !== CLOSE);
    connection.write(Uint8Array.of(0x80 | CLOSE, 0));
    connection.socket.end();
  });
  await using client = await connect(Echo, `ws://127.0.0.1:${server.port}`, {
    reconnect: false,
    ...options,
  });
  await body(client);
}

function framed(archive: Uint8Array): Uint8Array {
  const payload = frameStored(archive);
  return Uint8Array.from([0x82, payload.length, ...payload]);
}
/** The id of the client's next call. */
async function nextId(connection: Script): Promise<number> {
  const archive = inflate((await connection.frame()).payload, 1 << 20);
  return archive[archive.length - CLIENT_MESSAGE_BYTES + 1] ?? -1;
}
const reply = (id: number, v: number) => framed(write("echo", { reply: "echo_u8", id, ok: v }));

test("a second reply to one id is not given to the next call", async () => {
  await against(async (connection) => {
    const first = await nextId(connection);
    connection.write(Uint8Array.from([...reply(first, 1), ...reply(first, 2)]));
    connection.write(reply(await nextId(connection), 3));
  }, async ({ rpc }) => {
    assertEquals(await rpc.echoU8({ v: 1 }), 1);
    // The second reply came in the same write: it belongs to no call by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(await rpc.echoU8({ v: 3 }), 3);
  });
});

/** A state change of field `index` with these bytes. */
function stateChange(index: number, data: Uint8Array): Uint8Array {
  const pad = (4 - data.length % 4) % 4;
  const archive = new Uint8Array(data.length + pad + 12 + 24);
  const view = new DataView(archive.buffer);
  const item = data.length + pad;
  archive.set(data);
  view.setInt32(item, -item, true);
  view.setUint32(item + 4, data.length, true);
  view.setUint32(item + 8, index, true);
  archive[item + 12] = 2;
  view.setInt32(item + 16, -16, true);
  view.setUint32(item + 20, 1, true);
  return framed(archive);
}

test("a change of an unknown field is ignored", async () => {
  await against(async (connection) => {
    const id = await nextId(connection);
    connection.write(stateChange(99, Uint8Array.of(1, 2, 3)));
    connection.write(stateChange(0, Uint8Array.of(9, 0, 0, 0)));
    connection.write(reply(id, 1));
  }, async ({ rpc, state }) => {
    assertEquals(await rpc.echoU8({ v: 1 }), 1);
    assertEquals(state.current.counter, 9);
  });
});

test("a change that cannot be decoded ends the connection and every call", async () => {
  const errors: unknown[] = [];
  await against(async (connection) => {
    await nextId(connection);
    connection.write(stateChange(1, Uint8Array.of(1)));
  }, async ({ rpc, state }) => {
    assertEquals(await codeOf(rpc.echoU8({ v: 1 })), "ConnectionLost");
    assertEquals(state.current.name, "");
  }, { onError: (error) => errors.push(error) });
  const [error] = errors;
  assert(error instanceof ProtocolError);
  assertEquals([error.code, error.closeCode], ["BadState", 4002]);
});

/** Nothing compares a service with Rust's in advance: a different declaration shows only in use. */
const COUNTER = {
  newCounter: rpc(),
  increment: rpc({ amount: u32 }),
  decrement: rpc({ amount: u32 }),
};
const Output = service({ rpc: { ...COUNTER, get: rpc({}, u64) }, state: { counter: u32 } });
const Field = service({ rpc: { ...COUNTER, get: rpc({}, u64) }, state: { label: string } });
const MISTAKES: Readonly<Record<string, readonly [declared: typeof Output, says: string]>> = {
  "the output of get": [Output, "Cannot take the output of get: expected a root of 8 bytes"],
  "a field of the state": [Field as never, "Cannot take state.label: expected a root of 8 bytes"],
};

for (const [what, [declared, says]] of Object.entries(MISTAKES)) {
  test(`our client says that Rust declares ${what} otherwise`, { skip: SKIP }, async () => {
    await using server = await startServer(RUST ?? "", "counter");
    const errors: Error[] = [];
    await using client = await connect(declared, `wss://localhost:${server.port}`, {
      ...TLS,
      reconnect: false,
      onError: (error) => errors.push(error as Error),
    });
    await assertRejects(async () => {
      await client.rpc.newCounter();
      await client.rpc.increment({ amount: 5 });
      await client.rpc.get();
    }, RpcError);
    await until(() => errors.length > 0);
    assertStringIncludes(errors[0]!.message, says);
    assertStringIncludes(errors[0]!.message, "does the server declare it alike?");
  });
}
