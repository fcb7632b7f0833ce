import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { ScriptedServer } from "../support/scripted_server.ts";

const CLIENTS = 16;
const CALLS = 12;
const MAX_BYTES = 200_000;

const Filled = service({
  name: "Filled",
  rpc: { fill: rpc({ byte: u32, count: u32 }, bytes), hurry: rpc({ byte: u32 }, u32) },
  state: { last: bytes },
});

for (const tls of ["plain", "self-signed"] as const) {
  test(`clients that read at once get each their own bytes, ${tls}`, async () => {
    await using server = await serve(
      Filled,
      { port: 0, hostname: "127.0.0.1", tls },
      ({ state }) => ({
        fill: ({ byte, count }) => state.last = new Uint8Array(count).fill(byte),
        hurry: ({ byte }) => byte,
      }),
    );
    const url = `${tls === "plain" ? "ws" : "wss"}://127.0.0.1:${server.port}`;
    await Promise.all(Array.from({ length: CLIENTS }, async (_, byte) => {
      await using client = await connect(Filled, url, { tls: "self-signed", level: 0 });
      const kept: Uint8Array[] = [];
      for (let call = 0; call < CALLS; call++) {
        // From a few bytes to many reads.
        const count = Math.floor(MAX_BYTES ** ((call + 1) / CALLS));
        const [filled, hurried] = await Promise.all([
          client.rpc.fill({ byte, count }),
          client.rpc.hurry({ byte }),
        ]);
        assertEquals([filled.length, hurried], [count, byte]);
        kept.push(filled, client.state.current.last);
      }
      // What a client was given does not change when others read.
      for (const each of kept) assert(each.every((found) => found === byte));
    }));
  });
}

const Parts = service({ rpc: { parts: rpc({}, stream(bytes)) } });

test("an item as large as one read, at its beginning, leaves the memory of reads to further ones", async () => {
  const ITEMS = 5;
  const ITEM_BYTES = 65_536;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  await using server = await ScriptedServer.start(async (connection) => {
    const accept = await connection.readRequest();
    connection.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: hl/2\r\nX-HL-X: 1\r\n\r\n`,
    );
    await connection.frame();
    // Items of call 0 follow raw.
    connection.write(Uint8Array.of(0x82, 4, 0x3f, 0, 0, 1));
    for (let item = 1; item <= ITEMS; item++) {
      connection.write(Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0));
      await pause();
      connection.write(new Uint8Array(ITEM_BYTES).fill(item));
      await pause();
    }
    await connection.end();
  });
  const client = await connect(Parts, `ws://127.0.0.1:${server.port}`, {
    reconnect: false,
    limits: { closeTimeoutMs: 50 },
  });
  const kept: Uint8Array[] = [];
  for await (const part of client.rpc.parts()) {
    if (kept.push(part) === ITEMS) break;
  }
  for (const [i, part] of kept.entries()) {
    assertEquals(part.length, ITEM_BYTES);
    assert(part.every((byte) => byte === i + 1));
  }
  await client.close();
});
