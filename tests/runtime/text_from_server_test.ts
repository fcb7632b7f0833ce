/** A server that sends text is no hardlight server: a client reports it at once. */
import { describe, test } from "node:test";
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { connect as connectPage } from "../../browser.ts";
import { connect, ConnectError, ProtocolError, RpcError } from "../../client.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { deferred } from "../support/deferred.ts";
import { type Script, ScriptedServer } from "../support/scripted_server.ts";

const Small = service({ rpc: { one: rpc({}, u32) } });
const SAYS = "Cannot take text: BadMessage";
const HI = Uint8Array.of(0x81, 2, 0x68, 0x69);

/** The client's close, as code and reason, which is then answered. */
async function closeOf(connection: Script): Promise<string> {
  for (;;) {
    const { opcode, payload } = await connection.frame();
    if (opcode !== 8) continue;
    connection.write(Uint8Array.of(0x88, 2, ...payload.subarray(0, 2)));
    connection.socket.end();
    const code = (payload[0] ?? 0) << 8 | (payload[1] ?? 0);
    return `${code} ${new TextDecoder().decode(payload.subarray(2))}`;
  }
}

function assertTold(error: unknown): void {
  assertInstanceOf(error, ProtocolError);
  assertEquals([error.code, error.message], ["BadMessage", SAYS]);
}

const TEXTS: Readonly<Record<string, readonly Uint8Array[]>> = {
  "text": [HI],
  "an empty text": [Uint8Array.of(0x81, 0)],
  "text in fragments": [Uint8Array.of(0x01, 1, 0x68), Uint8Array.of(0x80, 1, 0x69)],
  "text, twice": [Uint8Array.of(...HI, ...HI)],
};

describe("connect() to a server that sends text", () => {
  for (const [what, frames] of Object.entries(TEXTS)) {
    test(`ends the call and the connection: ${what}`, async () => {
      const closed = deferred<string>();
      await using server = await ScriptedServer.start(async (connection) => {
        await connection.upgrade();
        await connection.frame();
        for (const frame of frames) connection.write(frame);
        closed.resolve(await closeOf(connection));
      });
      await using client = await connect(Small, `ws://127.0.0.1:${server.port}`, {
        reconnect: false,
      });
      const error = await assertRejects(() => client.rpc.one(), RpcError);
      assertEquals(error.code, "ConnectionLost");
      assertTold(error.cause);
      assertEquals(client.status.state, "closed");
      assertTold(client.status.cause);
      assertEquals(await closed.promise, `4002 ${SAYS}`);
      assertEquals(server.errors, []);
    });
  }

  test("rejects with a ConnectError while onConnect waits for an answer", async () => {
    await using server = await ScriptedServer.start(async (connection) => {
      await connection.upgrade();
      await connection.frame();
      connection.write(HI);
      await closeOf(connection);
    });
    const error = await assertRejects(
      () =>
        connect(Small, `ws://127.0.0.1:${server.port}`, {
          onConnect: async ({ rpc }) => void await rpc.one(),
        }),
      ConnectError,
    );
    assertEquals([error.code, error.message], ["ConnectionLost", SAYS]);
    assertTold(error.cause);
  });

  test("rejects if the text comes with the answer to the request", async () => {
    await using server = await ScriptedServer.start(async (connection) => {
      await connection.upgrade(HI);
      await closeOf(connection);
    });
    const error = await assertRejects(
      () => connect(Small, `ws://127.0.0.1:${server.port}`),
      ConnectError,
    );
    assertTold(error.cause);
  });
});

describe("connect() rejects with what onConnect fails with", () => {
  async function failing(
    onConnect: (connection: { readonly rpc: { one(): Promise<number> } }) => Promise<void>,
  ): Promise<unknown> {
    await using server = await ScriptedServer.start(async (connection) => {
      await connection.upgrade();
      await closeOf(connection);
    });
    const url = `ws://127.0.0.1:${server.port}`;
    return await assertRejects(() =>
      connect(Small, url, { limits: { callTimeoutMs: 50 }, onConnect })
    );
  }

  test("its own error, as it is", async () => {
    const own = new Error("no token");
    assertStrictEquals(await failing(() => Promise.reject(own)), own);
  });

  test("the RpcError of a call that is never answered", async () => {
    const error = await failing(async ({ rpc }) => void await rpc.one());
    assertInstanceOf(error, RpcError);
    assertEquals([error.code, error.retryable], ["DeadlineExceeded", false]);
  });
});

/** A page's socket, to a server that accepts the connection and answers every message with text. */
class TextSocket {
  readonly protocol = "hl.2";
  readonly bufferedAmount = 0;
  /** Its first close: later ones have no effect. */
  static closedWith: readonly unknown[] | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((info: { code: number; reason: string }) => void) | null = null;

  constructor() {
    queueMicrotask(() => this.onopen?.());
  }

  send(): void {
    queueMicrotask(() => this.onmessage?.({ data: "hi" }));
  }

  close(code: number, reason: string): void {
    if (TextSocket.closedWith !== undefined) return;
    TextSocket.closedWith = [code, reason];
    queueMicrotask(() => this.onclose?.({ code, reason }));
  }
}

test("connect() of a page to a server that sends text rejects while onConnect waits", async () => {
  const standard = globalThis.WebSocket;
  globalThis.WebSocket = TextSocket as unknown as typeof WebSocket;
  try {
    const error = await assertRejects(
      () =>
        connectPage(Small, "ws://peer/", { onConnect: async ({ rpc }) => void await rpc.one() }),
      Error,
      SAYS,
    );
    assertInstanceOf(error, ConnectError);
    assertEquals(error.code, "ConnectionLost");
    assertTold(error.cause);
    assertEquals(TextSocket.closedWith, [4002, SAYS]);
  } finally {
    globalThis.WebSocket = standard;
  }
});
