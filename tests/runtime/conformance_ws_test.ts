import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, test } from "node:test";
import { connect as connectBrowser } from "../../browser.ts";
import { connect, RpcError } from "../../client.ts";
import { runtimeName } from "../../runtime/detect.ts";
import { serve } from "../../server.ts";
import { callOf, Echo } from "../support/conformance_frames.ts";
import { start } from "../support/runtimes.ts";
import { noise } from "../support/noise.ts";

const NEARLY_MIB = (1 << 20) - 1000;

test("connect() to a server of the package ws", async () => {
  await using program = await start("deno", "support/conformance_ws_server.ts");
  const host = `127.0.0.1:${program.firstLine}`;
  const closedBy = async (): Promise<{ codes: number[]; pongs: string[] }> =>
    await (await fetch(`http://${host}/`)).json();
  const expected: number[] = [];

  for (const path of ["plain", "fragments", "octets", "pings"]) {
    const client = await connect(Echo, `ws://${host}/${path}`, { reconnect: false });
    for (let i = 0; i < 20; i++) assertEquals(await client.rpc.echo({ value: i }), i, path);
    const octets = noise(path === "octets" ? 2000 : NEARLY_MIB);
    assertEquals(await client.rpc.repeat({ octets }), octets, path);
    await client.close();
    expected.push(1000);
  }
  const { pongs } = await closedBy();
  // `ws` sees each turn's latest ping answered at least.
  assertEquals(pongs.includes("09".repeat(125)), true);
  assertEquals(pongs.includes("6265747765656e"), true);
  for (const code of [1000, 1001, 1005, 1011, 3000, 4000, 4999]) {
    const client = await connect(Echo, `ws://${host}/close/${code}`, { reconnect: false });
    const error = await assertRejects(() => client.rpc.echo({ value: 1 }), RpcError);
    assertEquals([error.code, client.status.state], ["ConnectionLost", "closed"]);
    await client.close();
    expected.push(code);
  }
  const text = await connect(Echo, `ws://${host}/text`, { reconnect: false });
  await assertRejects(() => text.rpc.echo({ value: 1 }), RpcError);
  assertEquals([text.status.state, text.status.cause?.message], [
    "closed",
    "Cannot take text: BadMessage",
  ]);
  await text.close();
  expected.push(4002);
  const cut = await connect(Echo, `ws://${host}/terminate`, { reconnect: false });
  const error = await assertRejects(() => cut.rpc.echo({ value: 1 }), RpcError);
  assertEquals([error.code, cut.status.state], ["ConnectionLost", "closed"]);
  await cut.close();
  expected.push(1006);
  let { codes } = await closedBy();
  while (codes.length < expected.length) ({ codes } = await closedBy());
  assertEquals(codes.sort(), expected.sort());
});

describe("serve()", () => {
  const serving = () =>
    serve(Echo, { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} }, () => ({
      echo: ({ value }) => value,
      repeat: ({ octets }) => octets,
    }));
  /** Bun closes itself, with the code of RFC 6455. */
  const tooBig = runtimeName() === "bun" ? "close 1009" : "close 4009";

  test("to a client of the package ws", async () => {
    await using server = await serving();
    await using program = await start(
      "deno",
      "support/conformance_ws_client.ts",
      `${server.port}`,
    );
    assertEquals(JSON.parse(program.firstLine), {
      "call": "answer 1",
      "call in fragments": "answer 1",
      "call octet by octet": "answer 1",
      "ping between fragments": "answer 1, pong",
      "ten pings": "answer 1, pong",
      "pong, text, call": "answer 1",
      "call of 2 MiB": "answer 2",
      "call of 2 MiB in fragments": "answer 2",
      "call over 2 MiB": tooBig,
      "call over 2 MiB in fragments": tooBig,
      "without a mask": "close 1002",
      "close without a code": "close 1005",
      "close 1000": "close 1000",
      "close 1001": "close 1001",
      "close 1011": "close 1011",
      "close 1014": "close 1014",
      "close 3000": "close 3000",
      "close 4999": "close 4999",
    });
    const { callsFailed, callsInFlight, bufferedBytes } = server.stats();
    assertEquals([callsFailed, callsInFlight, bufferedBytes], [0, 0, 0]);
  });

  test("to the runtime's own WebSocket", async () => {
    await using server = await serving();
    const url = `ws://127.0.0.1:${server.port}`;
    const client = await connectBrowser(Echo, url, { reconnect: false });
    for (let i = 0; i < 20; i++) assertEquals(await client.rpc.echo({ value: i }), i);
    const octets = noise(NEARLY_MIB);
    assertEquals(await client.rpc.repeat({ octets }), octets);
    await client.close();
    for (const code of [undefined, 1000, 3000, 4999]) {
      const socket = new WebSocket(url, ["hl.2"]);
      const closed = new Promise<number>((resolve) => {
        socket.onclose = (event) => resolve(event.code);
      });
      await new Promise((resolve) => socket.onopen = resolve);
      socket.send("text is not listened to");
      const answered = new Promise((resolve) => socket.onmessage = resolve);
      socket.send(callOf(1, 5));
      assertInstanceOf(await answered, MessageEvent);
      socket.close(code, code === undefined ? undefined : "bye");
      assertEquals(await closed, code ?? 1005);
    }
  });
});
