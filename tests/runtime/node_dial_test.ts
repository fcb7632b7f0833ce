import { describe, test } from "node:test";
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { dial } from "../../runtime/node/dial.ts";
import { ConnectError } from "../../wire/errors.ts";
import type { DialRequest } from "../../wire/transport.ts";
import { Recorder } from "../support/echo.ts";
import { deferred } from "../support/deferred.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import type { Script } from "../support/scripted_server.ts";
import { certificates } from "../support/certificates.ts";

type Play = (connection: Script) => void | Promise<void>;

const frame = (first: number, ...payload: number[]): Uint8Array =>
  Uint8Array.of(first, payload.length, ...payload);

async function refusal(play: Play, request: Partial<DialRequest> = {}): Promise<ConnectError> {
  await using server = await ScriptedServer.start(play);
  const error = await assertRejects(() =>
    Recorder.dial(dial, `ws://127.0.0.1:${server.port}`, request)
  );
  assertInstanceOf(error, ConnectError);
  return error;
}

async function answering(head: string, body = ""): Promise<ConnectError> {
  return await refusal(async (connection) => {
    const accept = await connection.readRequest();
    connection.write(
      head.replaceAll("ACCEPT", accept).trim().replace(/\n */g, "\r\n") + "\r\n\r\n" + body,
    );
  });
}

const UPGRADE = `HTTP/1.1 101 Switching Protocols
  Upgrade: websocket
  Connection: Upgrade
  Sec-WebSocket-Accept: ACCEPT
  Sec-WebSocket-Protocol: hl/2`;

describe("dial() refuses an answer", () => {
  const cases: readonly { name: string; head: string; code: string; status?: number }[] = [
    { name: "that is not HTTP", head: "SSH-2.0-OpenSSH_9.6", code: "BadHandshake" },
    { name: "of HTTP/1.0", head: "HTTP/1.0 101 Ok", code: "BadHandshake" },
    { name: "of status 200", head: "HTTP/1.1 200 OK", code: "BadHandshake", status: 200 },
    { name: "of status 401", head: "HTTP/1.1 401 No", code: "Unauthorized", status: 401 },
    { name: "of status 403", head: "HTTP/1.1 403 No", code: "Unauthorized", status: 403 },
    { name: "of status 503", head: "HTTP/1.1 503 Full", code: "TooBusy", status: 503 },
    {
      name: "of status 400 that names a known code",
      head: "HTTP/1.1 400 No\nX-HL-Refused: SchemaMismatch",
      code: "SchemaMismatch",
      status: 400,
    },
    {
      name: "of status 400 that names an unknown code",
      head: "HTTP/1.1 400 No\nX-HL-Refused: Whatever",
      code: "BadHandshake",
      status: 400,
    },
    {
      name: "of another key",
      head: UPGRADE.replace("ACCEPT", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
      code: "BadHandshake",
    },
    {
      name: "without Upgrade",
      head: UPGRADE.replace("Upgrade: websocket", "X: y"),
      code: "BadHandshake",
    },
    {
      name: "without Connection",
      head: UPGRADE.replace("Connection: Upgrade", "Connection: close"),
      code: "BadHandshake",
    },
    {
      name: "with an extension of hl/2 that was not offered",
      head: `${UPGRADE}\nX-HL-X: 2`,
      code: "BadHandshake",
    },
    {
      name: "with an extension",
      head: `${UPGRADE}\nSec-WebSocket-Extensions: permessage-deflate`,
      code: "BadHandshake",
    },
    {
      name: "without a subprotocol",
      head: UPGRADE.replace("Sec-WebSocket-Protocol: hl/2", "X: y"),
      code: "ProtocolMismatch",
    },
    {
      name: "of another subprotocol",
      head: UPGRADE.replace("hl/2", "hl.2"),
      code: "ProtocolMismatch",
    },
    { name: "with a malformed header", head: `${UPGRADE}\nno colon`, code: "BadHandshake" },
    { name: "with a space before a colon", head: `${UPGRADE}\nX : y`, code: "BadHandshake" },
    { name: "with a bare CR", head: `${UPGRADE}\nX: y\rZ: z`, code: "BadHandshake" },
    {
      name: "with a bare CR in its status line",
      head: UPGRADE.replace("Protocols", "Protocols\rX: y"),
      code: "BadHandshake",
    },
    {
      // A backtracking pattern takes minutes: cubic time in their number.
      name: "with 15,000 spaces and a bare CR",
      head: `${UPGRADE}\nX:${" ".repeat(15_000)}\rY: z`,
      code: "BadHandshake",
    },
    {
      name: "with an endless head",
      head: `${UPGRADE}\nX: ${"y".repeat(20_000)}`,
      code: "BadHandshake",
    },
  ];
  for (const { name, head, code, status } of cases) {
    test(name, async () => {
      const error = await answering(head);
      assertEquals(error.code, code);
      if (status !== undefined) assertEquals(error.status, status);
    });
  }

  test("and tells its body, up to 1 KiB", async () => {
    const body = `because${"!".repeat(5000)}`;
    const error = await answering(`HTTP/1.1 400 No\nContent-Length: ${body.length}`, body);
    assertStringIncludes(error.message, "because");
    assertEquals(error.message.length < 1200, true);
  });
});

describe("dial() fails", () => {
  test("Unreachable when nothing listens", async () => {
    const server = await ScriptedServer.start(() => {});
    const url = `ws://127.0.0.1:${server.port}`;
    await server[Symbol.asyncDispose]();
    const error = await assertRejects(() => Recorder.dial(dial, url));
    assertInstanceOf(error, ConnectError);
    assertEquals(error.code, "Unreachable");
  });

  test("Unreachable when the server hangs up without an answer", async () => {
    const error = await refusal(async (connection) => {
      await connection.readRequest();
      connection.socket.end();
    });
    assertEquals(error.code, "Unreachable");
  });

  test("the signal's reason when it aborts, and hangs up", async () => {
    const hungUp = deferred<void>();
    const controller = new AbortController();
    const reason = new ConnectError("TimedOut", "too late");
    const error = await refusal(async (connection) => {
      await connection.readRequest();
      controller.abort(reason);
      await connection.end();
      hungUp.resolve();
    }, { signal: controller.signal });
    assertEquals(error, reason);
    await hungUp.promise;
  });

  test("the signal's reason when it has aborted before", async () => {
    const reason = new ConnectError("Cancelled", "never mind");
    const error = await refusal(() => {}, { signal: AbortSignal.abort(reason) });
    assertEquals(error, reason);
  });

  for (
    const headers of [{ "a b": "c" }, { a: "b\r\nc: d" }, { Host: "x" }, {
      "Sec-WebSocket-Key": "x",
    }]
  ) {
    test(`with a TypeError for the header ${JSON.stringify(headers)}`, async () => {
      await assertRejects(() => Recorder.dial(dial, "ws://127.0.0.1:1", { headers }), TypeError);
    });
  }
});

/** A client connected to a server that plays. */
async function connected(
  play: Play,
  request: Partial<DialRequest>,
  check: (client: Recorder) => Promise<void>,
): Promise<void> {
  const played = deferred<void>();
  await using server = await ScriptedServer.start(async (connection) => {
    try {
      await play(connection);
      played.resolve();
    } catch (error) {
      played.reject(error);
    }
  });
  const client = await Recorder.dial(dial, `ws://127.0.0.1:${server.port}/a?b=c`, request);
  await check(client);
  await played.promise;
  client.transport?.terminate();
}

describe("dial()", () => {
  test("asks as a Rust client does, and with the caller's headers", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        assertStringIncludes(connection.request, "GET /a?b=c HTTP/1.1\r\n");
        assertStringIncludes(connection.request, "\r\nSec-WebSocket-Protocol: hl/2");
        assertStringIncludes(connection.request, "\r\nX-HL-Compress: 4");
        assertStringIncludes(connection.request, "\r\nauthorization: Bearer x");
      },
      { headers: { authorization: "Bearer x" } },
      (client) => {
        assertEquals(client.dialed, { protocol: "hl/2", extension: 0 });
        return Promise.resolve();
      },
    ));

  test("reads messages that came with the answer", () =>
    connected(
      (connection) => connection.upgrade(frame(0x82, 1, 2)),
      {},
      async (client) => assertEquals(await client.received(1), [Uint8Array.of(1, 2)]),
    ));

  test("reads an answer and a message written byte by byte", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        for (const byte of [0x82, 3, 1, 2, 3]) {
          connection.write(Uint8Array.of(byte));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      },
      {},
      async (client) => assertEquals(await client.received(1), [Uint8Array.of(1, 2, 3)]),
    ));

  test("answers the latest ping, between fragments too", () =>
    connected(
      async (connection) => {
        await connection.upgrade(
          new Uint8Array([
            ...frame(0x02, 1),
            ...frame(0x89, 7),
            ...frame(0x89, 8, 8),
            ...frame(0x80, 2),
          ]),
        );
        assertEquals(await connection.frame(), { opcode: 0xa, payload: Uint8Array.of(8, 8) });
      },
      {},
      async (client) => assertEquals(await client.received(1), [Uint8Array.of(1, 2)]),
    ));

  test("writes the messages of one turn in order", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        for (let i = 0; i < 100; i++) {
          assertEquals(await connection.frame(), { opcode: 2, payload: Uint8Array.of(i, i) });
        }
        connection.write(frame(0x82, 9));
      },
      {},
      async (client) => {
        const message = new Uint8Array(2);
        for (let i = 0; i < 100; i++) client.send(message.fill(i));
        assertEquals((client.transport?.bufferedAmount ?? 0) > 0, true);
        await client.received(1);
        assertEquals(client.transport?.bufferedAmount, 0);
      },
    ));

  test("echoes the server's close with its reason, and tells it once", () =>
    connected(
      async (connection) => {
        await connection.upgrade(frame(0x88, 0x10, 0xe1, 0x6f, 0x6b));
        const payload = Uint8Array.of(0x10, 0xe1, 0x6f, 0x6b);
        assertEquals(await connection.frame(), { opcode: 8, payload });
        await connection.end();
      },
      {},
      async (client) => {
        assertEquals(await client.closed(), { code: 4321, reason: "ok" });
        client.transport?.close(1000, "");
        client.transport?.terminate();
        assertEquals(client.ended.length, 1);
      },
    ));

  test("waits for the echo of its close", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        assertEquals(await connection.frame(), {
          opcode: 8,
          payload: Uint8Array.of(3, 232, 98, 121, 101),
        });
        connection.write(frame(0x82, 1));
        connection.write(frame(0x88, 3, 232));
        await connection.end();
      },
      {},
      async (client) => {
        client.transport?.close(1000, "bye");
        client.transport?.close(4000, "twice");
        client.send(Uint8Array.of(1));
        assertEquals(client.ended, []);
        assertEquals(await client.closed(), { code: 1000, reason: "" });
        assertEquals(client.messages, []);
      },
    ));

  test("tells 1006 when the connection is cut inside a frame", () =>
    connected(
      async (connection) => {
        await connection.upgrade(Uint8Array.of(0x82, 5, 1));
        connection.socket.end();
      },
      {},
      async (client) => {
        assertEquals((await client.closed()).code, 1006);
        assertEquals(client.messages, []);
      },
    ));

  test("terminate() ends at once", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        await connection.end();
      },
      {},
      (client) => {
        client.transport?.terminate();
        assertEquals(client.ended.map((info) => info.code), [1006]);
        return Promise.resolve();
      },
    ));

  test("closes with 4009 over the limit", () =>
    connected(
      async (connection) => {
        await connection.upgrade(Uint8Array.of(0x82, 11));
        const { opcode, payload } = await connection.frame();
        assertEquals([opcode, payload[0], payload[1]], [8, 4009 >> 8, 4009 & 255]);
        await connection.end();
      },
      { maxMessageBytes: 10 },
      async (client) => assertEquals((await client.closed()).code, 4009),
    ));

  test("closes with 1002 on a broken frame", () =>
    connected(
      async (connection) => {
        await connection.upgrade(frame(0x83));
        const { opcode, payload } = await connection.frame();
        assertEquals([opcode, payload[0], payload[1]], [8, 1002 >> 8, 1002 & 255]);
        await connection.end();
      },
      {},
      async (client) => assertEquals((await client.closed()).code, 1002),
    ));

  test("pings a silent server, then closes with 4000", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        assertEquals((await connection.frame()).opcode, 9);
        const { opcode, payload } = await connection.frame();
        assertEquals([opcode, payload[0], payload[1]], [8, 4000 >> 8, 4000 & 255]);
        await connection.end();
      },
      { idleTimeoutMs: 40 },
      async (client) => assertEquals((await client.closed()).code, 4000),
    ));

  test("takes a pong for a sign of life", () =>
    connected(
      async (connection) => {
        await connection.upgrade();
        for (let i = 0; i < 3; i++) {
          assertEquals((await connection.frame()).opcode, 9);
          connection.write(frame(0x8a));
        }
        connection.write(frame(0x88, 3, 232));
        assertEquals((await connection.frame()).opcode, 8);
      },
      { idleTimeoutMs: 60 },
      async (client) => assertEquals((await client.closed()).code, 1000),
    ));
});

describe("dial() over TLS", () => {
  const upgrade: Play = (connection) => connection.upgrade(frame(0x82, 5));
  const cases: readonly {
    name: string;
    tls: (cert: { cert: string; fingerprint: string }) => DialRequest["tls"];
    host?: string;
    code: string | undefined;
  }[] = [
    { name: "the system's roots", tls: () => undefined, code: "TlsFailed" },
    { name: "self-signed", tls: () => "self-signed", code: undefined },
    { name: "ca", tls: ({ cert }) => ({ ca: cert }), code: undefined },
    { name: "ca by name", tls: ({ cert }) => ({ ca: cert }), host: "localhost", code: undefined },
    { name: "the right pin", tls: ({ fingerprint }) => ({ fingerprint }), code: undefined },
    {
      name: "the right pin, with colons",
      tls: ({ fingerprint }) => ({
        fingerprint: (fingerprint.toUpperCase().match(/../g) ?? []).join(":"),
      }),
      code: undefined,
    },
    { name: "another pin", tls: () => ({ fingerprint: "00".repeat(32) }), code: "TlsFailed" },
    {
      name: "ca and another pin",
      tls: ({ cert }) => ({ ca: cert, fingerprint: "00".repeat(32) }),
      code: "TlsFailed",
    },
  ];
  for (const { name, tls, host = "127.0.0.1", code } of cases) {
    test(`with ${name} ${code === undefined ? "connects" : `fails ${code}`}`, async () => {
      const { server: certificate } = await certificates();
      let requests = 0;
      await using server = await ScriptedServer.start(async (connection) => {
        await upgrade(connection);
        requests++;
      }, certificate);
      const dialling = Recorder.dial(dial, `wss://${host}:${server.port}`, {
        tls: tls(certificate),
      });
      if (code === undefined) {
        const client = await dialling;
        assertEquals(await client.received(1), [Uint8Array.of(5)]);
        client.transport?.terminate();
      } else {
        const error = await assertRejects(() => dialling);
        assertInstanceOf(error, ConnectError);
        assertEquals(error.code, code);
        // No request was sent to an untrusted server.
        assertEquals(requests, 0);
      }
    });
  }

  test("with another certificate as ca fails TlsFailed", async () => {
    const { server: certificate, other } = await certificates();
    await using server = await ScriptedServer.start(upgrade, certificate);
    const error = await assertRejects(() =>
      Recorder.dial(dial, `wss://127.0.0.1:${server.port}`, { tls: { ca: other.cert } })
    );
    assertInstanceOf(error, ConnectError);
    assertEquals(error.code, "TlsFailed");
  });

  test("to a server without TLS fails TlsFailed", async () => {
    await using server = await ScriptedServer.start((connection) => {
      connection.write("HTTP/1.1 400 Bad\r\n\r\n");
    });
    const error = await assertRejects(() =>
      Recorder.dial(dial, `wss://127.0.0.1:${server.port}`, { tls: "self-signed" })
    );
    assertInstanceOf(error, ConnectError);
    assertEquals(error.code, "TlsFailed");
  });

  test("with a ca that is no certificate is a TypeError", async () => {
    await assertRejects(
      () => Recorder.dial(dial, "wss://127.0.0.1:1", { tls: { ca: "x" } }),
      TypeError,
    );
  });

  for (const tls of [{ ca: "" }, { fingerprint: "00".repeat(32) }]) {
    test(`never, with a ws: URL and ${Object.keys(tls)}: that is a TypeError`, async () => {
      await assertRejects(() => Recorder.dial(dial, "ws://127.0.0.1:1", { tls }), TypeError);
    });
  }

  test("hangs up, and rejects with the signal's reason, when that aborts in the middle", async () => {
    const controller = new AbortController();
    const hungUp = deferred<void>();
    await using server = await ScriptedServer.start(async (connection) => {
      controller.abort(new ConnectError("TimedOut", "too late"));
      await connection.end();
      hungUp.resolve();
    });
    const error = await assertRejects(() =>
      Recorder.dial(dial, `wss://127.0.0.1:${server.port}`, { signal: controller.signal })
    );
    assertEquals(error, controller.signal.reason);
    await hungUp.promise;
  });

  test("with a malformed fingerprint is a TypeError", async () => {
    await assertRejects(
      () => Recorder.dial(dial, "wss://127.0.0.1:1", { tls: { fingerprint: "12" } }),
      TypeError,
    );
  });
});
