import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import net from "node:net";
import process from "node:process";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runtimeName } from "../../runtime/detect.ts";
import type { Listener, ListenOptions } from "../../runtime/listen.ts";
import { OpenSockets } from "../../runtime/node/open_sockets.ts";
import { listen } from "../../runtime/node/server.ts";
import type { Acceptor, PeerInfo, TransportListener, Upgrade } from "../../wire/transport.ts";
import { certificates } from "../support/certificates.ts";
import { deferred } from "../support/deferred.ts";
import { EchoAcceptor } from "../support/echo.ts";
import { ACCEPT, masked, RawClient, upgradeRequest } from "../support/raw_client.ts";
import { until } from "../support/until.ts";

const TIMES = { idleTimeoutMs: 0, closeTimeoutMs: 5000, handshakeTimeoutMs: 10_000 };

/** Listen on a free port, run, and see that nothing is left. */
async function listening(
  acceptor: Acceptor,
  run: (listener: Listener) => Promise<void>,
  options: Partial<ListenOptions> = {},
): Promise<void> {
  const listener = await listen(acceptor, { port: 0, hostname: "127.0.0.1", ...options });
  try {
    await run(listener);
  } finally {
    listener.abort();
    await listener.close();
  }
}

async function answerTo(request: string | Uint8Array, options: Partial<ListenOptions> = {}) {
  let answer = "";
  await listening(new EchoAcceptor(), async ({ port }) => {
    const client = await RawClient.connect(port);
    client.write(request);
    answer = (await client.rest()).toString("latin1");
  }, options);
  return answer;
}

/** Wait until this turn's messages are sent, or wait for the peer. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

/** The code of a close frame that follows nothing but itself. */
const closeCode = (bytes: Uint8Array): number =>
  bytes[0] === 0x88 ? ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0) : 0;

describe("listen() refuses an upgrade", () => {
  const cases: readonly { name: string; request: string; status: number }[] = [
    { name: "by POST", request: upgradeRequest({}, "POST / HTTP/1.1"), status: 400 },
    { name: "of HTTP/1.0", request: upgradeRequest({}, "GET / HTTP/1.0"), status: 400 },
    {
      name: "of version 8",
      request: upgradeRequest({ "Sec-WebSocket-Version": "8" }),
      status: 426,
    },
    {
      name: "without a version",
      request: upgradeRequest({ "Sec-WebSocket-Version": null }),
      status: 426,
    },
    {
      name: "of two versions",
      request: upgradeRequest({ "sec-websocket-version": "13" }),
      status: 426,
    },
    {
      name: "without a key",
      request: upgradeRequest({ "Sec-WebSocket-Key": null }),
      status: 400,
    },
    {
      name: "with a key of 15 bytes",
      request: upgradeRequest({ "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" }),
      status: 400,
    },
    {
      name: "with a key that is not base64",
      request: upgradeRequest({ "Sec-WebSocket-Key": "!".repeat(22) + "==" }),
      status: 400,
    },
    { name: "without a host", request: upgradeRequest({ Host: null }), status: 400 },
    { name: "with two hosts", request: upgradeRequest({ host: "other" }), status: 400 },
    { name: "with a host that is none", request: upgradeRequest({ Host: "a/b@c" }), status: 400 },
    { name: "to another protocol", request: upgradeRequest({ Upgrade: "h2c" }), status: 200 },
  ];
  for (const { name, request, status } of cases) {
    test(`${name} with ${status}`, async () =>
      assertEquals(statusOf(await answerTo(request)), status));
  }

  test("and names the version that it speaks", async () => {
    const answer = await answerTo(upgradeRequest({ "Sec-WebSocket-Version": "8" }));
    assertStringIncludes(answer.toLowerCase(), "\r\nsec-websocket-version: 13\r\n");
  });

  test("with the acceptor's Response, whole", async () => {
    const answer = await answerTo(upgradeRequest({}, "GET /refuse HTTP/1.1"));
    assertEquals(statusOf(answer), 400);
    assertStringIncludes(answer, "\r\nx-hl-refused: OriginRefused\r\n");
    assertStringIncludes(answer, "\r\nContent-Length: 9\r\n");
    assertEquals(answer.split("\r\n\r\n")[1], "not today");
  });

  const failing: readonly { name: string; upgrade: () => Promise<Upgrade> }[] = [
    { name: "rejects", upgrade: () => Promise.reject(new Error("as asked")) },
    {
      name: "throws",
      upgrade: () => {
        throw new Error("as asked");
      },
    },
    {
      name: "answers a header that cannot be sent",
      upgrade: () =>
        Promise.resolve({
          protocol: "hl/2",
          headers: { "x-a": "1\r\nx-b: 2" },
          open: (): TransportListener => ({ onMessage() {}, onClose() {} }),
        }),
    },
  ];
  for (const { name, upgrade } of failing) {
    test(`with 500 when the acceptor ${name}`, () =>
      listening({ upgrade, maxMessageBytes: 10, ...TIMES }, async ({ port }) => {
        const client = await RawClient.connect(port);
        client.write(upgradeRequest());
        assertEquals(statusOf((await client.rest()).toString("latin1")), 500);
      }));
  }
});

describe("listen() upgrades", () => {
  test("with the accept value, the protocol and the headers of RFC 6455", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const client = await RawClient.connect(port);
      const head = (await client.upgrade()).toLowerCase();
      assertStringIncludes(head, "http/1.1 101 ");
      assertStringIncludes(head, `\r\nsec-websocket-accept: ${ACCEPT.toLowerCase()}\r\n`);
      assertStringIncludes(head, "\r\nsec-websocket-protocol: hl/2\r\n");
      assertStringIncludes(head, "\r\nx-hl-compress: none\r\n");
      client.socket.destroy();
    }));

  test("and gives the acceptor an absolute URL, joined headers and the address", async () => {
    const seen: unknown[] = [];
    const acceptor: Acceptor = {
      maxMessageBytes: 10,
      ...TIMES,
      upgrade({ url, method, headers }: Request, { address }: PeerInfo) {
        seen.push(url, method, headers.get("x-hl-compress"), headers.get("host"), address);
        return new Response(null, { status: 400 });
      },
    };
    await listening(acceptor, async ({ port }) => {
      for (const target of ["/a/b?c=d", "http://other.example/a/b?c=d"]) {
        const client = await RawClient.connect(port);
        const change = { "Host": "Me.example:81", "X-HL-Compress": "6", "x-hl-compress": "1" };
        client.write(upgradeRequest(change, `GET ${target} HTTP/1.1`));
        await client.rest();
      }
    });
    const each = ["http://me.example:81/a/b?c=d", "GET", "6, 1", "Me.example:81", "127.0.0.1"];
    assertEquals(seen, [...each, ...each]);
  });

  test("and reads what came with the request, also while the acceptor decides", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const client = await RawClient.connect(port);
      const request = upgradeRequest({}, "GET /late HTTP/1.1");
      client.write(new Uint8Array([...new TextEncoder().encode(request), ...masked(0x82, [7])]));
      client.write(masked(0x82, [8]));
      await client.until(() => client.bytes.includes(Buffer.of(0x82, 1, 8)));
      assert(client.bytes.toString("latin1").endsWith("\r\n\r\n\x82\x01\x07\x82\x01\x08"));
      client.socket.destroy();
    }));

  test("not to a client that left while the acceptor decided", async () => {
    const { promise: decided, resolve: decide } = deferred<void>();
    const { promise: asked, resolve: ask } = deferred<void>();
    let opened = 0;
    const acceptor: Acceptor = {
      maxMessageBytes: 10,
      ...TIMES,
      async upgrade() {
        ask();
        await decided;
        return {
          protocol: "hl/2",
          headers: {},
          open: () => {
            opened++;
            return { onMessage() {}, onClose() {} };
          },
        };
      },
    };
    const listener = await listen(acceptor, { port: 0, hostname: "127.0.0.1" });
    const client = await RawClient.connect(listener.port);
    client.write(upgradeRequest());
    await asked;
    listener.abort();
    await client.rest();
    decide();
    await listener.close();
    await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(opened, 0);
  });

  test("and ends with 4011 when the acceptor cannot open", () =>
    listening({
      maxMessageBytes: 10,
      ...TIMES,
      upgrade: () => ({
        protocol: "hl/2",
        headers: {},
        open: () => {
          throw new Error("as asked");
        },
      }),
    }, async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      await client.until(() => client.bytes.length >= 4);
      assertEquals(closeCode(client.bytes), 4011);
      client.socket.destroy();
    }));
});

describe("listen() ends a connection", () => {
  const cases: readonly { name: string; bytes: readonly number[]; code: number }[] = [
    { name: "that sends an unmasked frame", bytes: [0x82, 1, 7], code: 1002 },
    { name: "that sends an unmasked ping", bytes: [0x89, 0], code: 1002 },
    { name: "that sets a reserved bit", bytes: [...masked(0xc2, [])], code: 1002 },
    { name: "that sends a wrong opcode", bytes: [...masked(0x83, [])], code: 1002 },
    {
      name: "that announces 2^40 bytes",
      bytes: [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      code: 4009,
    },
    { name: "that sends text that is not UTF-8", bytes: [...masked(0x81, [0xff])], code: 1007 },
  ];
  for (const { name, bytes, code } of cases) {
    test(`${name} with ${code}`, async () => {
      const acceptor = new EchoAcceptor();
      await listening(acceptor, async ({ port }) => {
        const client = await RawClient.connect(port);
        await client.upgrade();
        client.write(Uint8Array.from(bytes));
        assertEquals(closeCode(await client.rest()), code);
        assertEquals((await acceptor.whenEnded(1)).map((info) => info.code), [code]);
      });
    });
  }

  const breaks: readonly { name: string; bytes: Uint8Array }[] = [
    { name: "between frames", bytes: new Uint8Array(0) },
    { name: "inside a header", bytes: Uint8Array.of(0x82, 0xfe, 1) },
    { name: "inside a frame", bytes: masked(0x82, [1, 2], 9) },
    { name: "inside a message", bytes: masked(0x02, [1, 2]) },
  ];
  for (const { name, bytes } of breaks) {
    for (const how of ["end", "destroy"] as const) {
      test(`that breaks off ${name} by ${how}(), with 1006`, async () => {
        const acceptor = new EchoAcceptor();
        await listening(acceptor, async ({ port }) => {
          const client = await RawClient.connect(port);
          await client.upgrade();
          client.socket.write(bytes, () => client.socket[how]());
          assertEquals((await acceptor.whenEnded(1)).map((info) => info.code), [1006]);
          await client.rest();
        });
      });
    }
  }

  test("that stays silent, after a ping, with 4000", async () => {
    const acceptor = Object.assign(new EchoAcceptor(), { idleTimeoutMs: 30 });
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      const all = await client.rest();
      assertEquals([...all.subarray(0, 2)], [0x89, 0]);
      assertEquals(closeCode(all.subarray(2)), 4000);
      assertEquals((await acceptor.whenEnded(1)).map((info) => info.code), [4000]);
    });
  });

  test("but none that answers a ping", async () => {
    const acceptor = Object.assign(new EchoAcceptor(), { idleTimeoutMs: 50 });
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      for (let pings = 1; pings <= 3; pings++) {
        await client.until(() => client.bytes.length >= 2 * pings);
        client.write(masked(0x8a, []));
      }
      client.write(masked(0x88, [3, 232]));
      const all = await client.rest();
      assertEquals([...all.subarray(6)], [0x88, 2, 3, 232]);
      assertEquals((await acceptor.whenEnded(1)).map((info) => info.code), [1000]);
    });
  });

  test("and echoes a close with its reason", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      client.write(masked(0x88, [3, 232, 0x6f, 0x6b]));
      assertEquals([...await client.rest()], [0x88, 4, 3, 232, 0x6f, 0x6b]);
    }));

  test("and answers a ping with its payload", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      client.write(masked(0x89, [5, 6]));
      await client.until(() => client.bytes.length >= 4);
      assertEquals([...client.bytes], [0x8a, 2, 5, 6]);
      client.socket.destroy();
    }));

  for (const how of ["end", "destroy", "resetAndDestroy"] as const) {
    test(`never, when its peer leaves by ${how}() while it is decided on`, async () => {
      const asked = deferred<void>();
      const decided = deferred<void>();
      class Slow extends EchoAcceptor {
        override async upgrade(request: Request, peer: PeerInfo): Promise<Upgrade | Response> {
          asked.resolve();
          await decided.promise;
          return super.upgrade(request, peer);
        }
      }
      const acceptor = new Slow();
      await listening(acceptor, async ({ port }) => {
        const client = await RawClient.connect(port);
        client.write(upgradeRequest());
        await asked.promise;
        client.socket[how]();
        // Another connection, so that the server has had its turns.
        const later = await RawClient.connect(port);
        later.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        await later.rest();
        decided.resolve();
        await client.rest();
        assertEquals([acceptor.transports.size, acceptor.ended], [0, []]);
        assertEquals(client.bytes.length, 0);
      });
    });
  }

  test("whose peer does not read, by terminate(), and counts what waits until then", async () => {
    const acceptor = new EchoAcceptor();
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.upgrade();
      client.socket.pause();
      const [transport] = acceptor.transports;
      assert(transport !== undefined);
      const message = new Uint8Array(1 << 20);
      for (let i = 0; i < 64; i++) transport.send(message);
      assert(transport.bufferedAmount >= 32 << 20);
      transport.terminate();
      assertEquals(acceptor.ended, [{ code: 1006, reason: "Terminated" }]);
      assertEquals(transport.bufferedAmount, 0);
      client.socket.destroy();
    });
  });

  for (const secure of [false, true]) {
    test(`whose peer reads late, after all in order${secure ? ", with TLS" : ""}`, async () => {
      const acceptor = new EchoAcceptor();
      const { server: { cert, key } } = await certificates();
      await listening(acceptor, async ({ port }) => {
        const client = await RawClient.connect(port, secure ? cert : undefined);
        await client.upgrade();
        client.chunks.length = 0;
        client.socket.pause();
        const [transport] = acceptor.transports;
        assert(transport !== undefined);
        const large = new Uint8Array(8 << 20);
        transport.send(large);
        await turn();
        client.write(masked(0x89, [1]));
        client.write(masked(0x89, [2]));
        for (let i = 0; i < 1000; i++) {
          transport.send(Uint8Array.of(i >> 8, i));
          if (i % 100 === 0) await turn();
        }
        // Waiting bytes count, in any queue.
        assert(transport.bufferedAmount >= 4000);
        transport.close(1000, "");
        client.socket.resume();
        await client.until(() =>
          client.ended || client.bytes.length >= large.length + 10 + 4000 + 4
        );
        const { bytes } = client;
        const answers: number[] = [];
        let at = large.length + 10;
        for (; bytes[at] !== 0x88; at += 2 + (bytes[at + 1] ?? 0)) {
          if (bytes[at] === 0x82) answers.push(bytes.readUint16BE(at + 2));
          else assertEquals([bytes[at], bytes[at + 1]], [0x8a, 1]);
        }
        assertEquals(answers, Array.from({ length: 1000 }, (_, i) => i));
        assertEquals(closeCode(bytes.subarray(at)), 1000);
        client.socket.destroy();
      }, secure ? { cert, key } : {});
    });
  }
});

for (const secure of [false, true]) {
  // Under Nagle's algorithm a second write would wait for the peer's delayed acknowledgement.
  test(`the messages of one turn leave in one write${secure ? ", with TLS" : ""}`, async () => {
    const acceptor = new EchoAcceptor();
    const { server: { cert, key } } = await certificates();
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port, secure ? cert : undefined);
      await client.upgrade();
      client.chunks.length = 0;
      const [transport] = acceptor.transports;
      for (let i = 0; i < 20; i++) transport?.send(Uint8Array.of(i));
      await client.until(() => client.bytes.length >= 60);
      assertEquals(client.chunks.map((chunk) => chunk.length), [60]);
      client.socket.destroy();
    }, secure ? { cert, key } : {});
  });
}

describe("listen() answers other requests", () => {
  const page: Partial<ListenOptions> = {
    async fallback(request) {
      const { method, url, headers } = request;
      if (new URL(url).pathname === "/throw") throw new Error("as asked");
      const body = `${method} ${url} ${headers.get("x-a")} ${await request.text()}`;
      return new Response(body, {
        status: 201,
        headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["connection", "keep-alive"]],
      });
    },
  };

  test("by the fallback, with its status, headers and body", async () => {
    const answer = await answerTo(
      "POST /p?q=1 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n" +
        "Content-Length: 2\r\n\r\nhi",
      page,
    );
    assertEquals(statusOf(answer), 201);
    assertStringIncludes(answer, "\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n");
    assertStringIncludes(answer, "\r\nConnection: close\r\n");
    assert(answer.endsWith("\r\n\r\nPOST http://a/p?q=1 1, 2 hi"));
  });

  test("by the fallback, to HEAD without the body", async () => {
    const answer = await answerTo(
      "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      page,
    );
    assertStringIncludes(answer, "\r\nContent-Length: 20\r\n");
    assert(answer.endsWith("\r\n\r\n"));
  });

  // Bun parses requests itself; `serve()` uses Bun.serve there.
  const onNodeHttp = (name: string, run: () => Promise<void>): void => {
    if (runtimeName() !== "bun") test(name, run);
  };
  onNodeHttp("one after the other where they are sent at once", async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown): void => void warnings.push(warning);
    process.on("warning", onWarning);
    let asked = 0;
    let running = 0;
    const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
    const answer = await answerTo(get("").repeat(99) + get("Connection: close\r\n"), {
      async fallback() {
        assertEquals(running++, 0);
        await turn();
        running--;
        return new Response(`no. ${++asked}.`);
      },
    });
    await turn();
    process.off("warning", onWarning);
    assertEquals(
      answer.match(/no\. \d+\./g),
      Array.from({ length: 100 }, (_, i) => `no. ${i + 1}.`),
    );
    assertEquals(warnings, []);
  });

  onNodeHttp("and closes on more requests than its limit", async () => {
    let asked = 0;
    const answer = await answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000), {
      fallback() {
        asked++;
        return new Promise<Response>(() => {});
      },
    });
    assertEquals([answer, asked], ["", 1]);
  });

  onNodeHttp("and closes on a body that arrives byte by byte", async () => {
    const acceptor = Object.assign(new EchoAcceptor(), { handshakeTimeoutMs: 100 });
    const failures: unknown[] = [];
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
      const timer = setInterval(() => client.write("a"), 20);
      await client.rest();
      clearInterval(timer);
    }, {
      fallback: async (request) => new Response(await request.text()),
      onError: (error) => failures.push(String(error)),
    });
    assertEquals(failures, ["Error: The client does not send its body"]);
  });

  onNodeHttp("and waits for the next request no longer than for the first", async () => {
    const acceptor = Object.assign(new EchoAcceptor(), { handshakeTimeoutMs: 100 });
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const answer = (await client.rest()).toString("latin1");
      assert(answer.endsWith("\r\n\r\nhello"));
    }, { fallback: () => new Response("hello") });
  });

  onNodeHttp("and closes if the client does not read the answer", async () => {
    const acceptor = Object.assign(new EchoAcceptor(), { idleTimeoutMs: 100 });
    const { promise: cancelled, resolve: cancel } = deferred<void>();
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      client.socket.pause();
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await cancelled;
      client.socket.destroy();
    }, {
      fallback: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
            cancel: () => cancel(),
          }),
        ),
    });
  });

  onNodeHttp(
    "and an upgrade after them, on the same connection",
    () =>
      listening(new EchoAcceptor(), async ({ port }) => {
        const client = await RawClient.connect(port);
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.until(() => client.bytes.toString("latin1").endsWith("hello"));
        client.chunks.length = 0;
        assertStringIncludes(await client.upgrade(), " 101 ");
        client.socket.destroy();
      }, { fallback: () => new Response("hello") }),
  );

  onNodeHttp("and no upgrade before they are answered", async () => {
    const acceptor = new EchoAcceptor();
    await listening(acceptor, async ({ port }) => {
      const client = await RawClient.connect(port);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + upgradeRequest());
      assertEquals((await client.rest()).length, 0);
    }, { fallback: () => new Promise<Response>(() => {}) });
    assertEquals(acceptor.addresses, []);
  });

  const endless: readonly { name: string; request: string }[] = [
    {
      name: "an answered one that is the last",
      request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    },
    { name: "one that is none", request: "garbage\r\n\r\n" },
    { name: "a refused upgrade", request: upgradeRequest({ Host: null }) },
  ];
  for (const { name, request } of endless) {
    test(`and closes if the client continues to send after ${name}`, async () => {
      const acceptor = Object.assign(new EchoAcceptor(), { closeTimeoutMs: 100 });
      await listening(acceptor, async ({ port }) => {
        const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
        socket.on("error", () => {});
        const closed = new Promise((resolve) => socket.once("close", resolve));
        const chunks: Uint8Array[] = [];
        socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
        socket.write(request);
        // What is not read when a connection is reset is lost.
        await until(() => chunks.length > 0);
        const timer = setInterval(() => socket.write("a"), 20);
        await closed;
        clearInterval(timer);
        assert(statusOf(Buffer.concat(chunks).toString("latin1")) > 0);
      });
    });
  }

  const cases: readonly { name: string; request: string; status: number }[] = [
    {
      name: "the fallback fails",
      request: "GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      status: 500,
    },
    { name: "there is no host", request: "GET / HTTP/1.1\r\n\r\n", status: 400 },
    { name: "it is not HTTP", request: "\x16\x03\x01 garbage\r\n\r\n", status: 400 },
    {
      name: "the head is too large",
      request: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(40_000)}\r\n\r\n`,
      status: 431,
    },
  ];
  for (const { name, request, status } of cases) {
    test(`with ${status} when ${name}`, async () => {
      assertEquals(statusOf(await answerTo(request, page)), status);
    });
  }
});

describe("listen() survives", () => {
  test("a peer that speaks no TLS, and one that leaves", async () => {
    const acceptor = new EchoAcceptor();
    const { server: { cert, key } } = await certificates();
    await listening(acceptor, async ({ port }) => {
      const garbage = await RawClient.connect(port);
      garbage.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20));
      await garbage.rest();
      const leaving = await RawClient.connect(port);
      leaving.write(Uint8Array.of(0x16, 3, 1));
      leaving.socket.destroy();
      const client = await RawClient.connect(port, cert);
      assertStringIncludes(await client.upgrade(), " 101 ");
      client.socket.destroy();
      await acceptor.whenEnded(1);
    }, { cert, key });
  });

  test("a peer that leaves in the middle of its request", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const leaving = await RawClient.connect(port);
      leaving.write("GET / HTTP/1.1\r\nHos");
      leaving.socket.destroy();
      const client = await RawClient.connect(port);
      assertStringIncludes(await client.upgrade(), " 101 ");
      client.socket.destroy();
    }));

  // Bun reports a connection at its first request; `serve()` uses Bun.serve there.
  if (runtimeName() !== "bun") {
    test("close() does not wait for peers that have asked for nothing", async () => {
      const { server: { cert, key } } = await certificates();
      const ways: readonly Partial<ListenOptions>[] = [{}, { cert, key }];
      for (const options of ways) {
        const acceptor = new EchoAcceptor();
        const where = { port: 0, hostname: "127.0.0.1", ...options };
        const listener = await listen(acceptor, where);
        const silent = await RawClient.connect(listener.port);
        const half = await RawClient.connect(listener.port);
        half.write("GET / HTTP/1.1\r\n");
        // A round trip: the server has accepted both by now.
        const client = await RawClient.connect(listener.port, options.cert);
        await client.upgrade();
        client.socket.destroy();
        await acceptor.whenEnded(1);
        await listener.close();
        await silent.rest();
        await half.rest();
      }
    });
  }

  test("a port in use: it rejects with EADDRINUSE", () =>
    listening(new EchoAcceptor(), async ({ port }) => {
      const error = await assertRejects(() =>
        listen(new EchoAcceptor(), { port, hostname: "127.0.0.1" })
      );
      assertEquals((error as Error & { code?: string }).code, "EADDRINUSE");
    }));
});

// Bun has `Bun.serve`, and its `node:http` does not tell of connections.
for (const secure of runtimeName() === "bun" ? [] : [false, true]) {
  const over = secure ? "TLS" : "TCP";
  test(`listen() cuts who comes over maxPlainConnections over ${over}, and counts no WebSocket`, async () => {
    const { server: { cert, key } } = await certificates();
    const told: string[] = [];
    await listening(new EchoAcceptor(), async ({ port }) => {
      const join = () => RawClient.connect(port, secure ? cert : undefined);
      const sockets: RawClient[] = [];
      for (let i = 0; i < 3; i++) {
        const client = await join();
        assertEquals(statusOf(await client.upgrade()), 101);
        sockets.push(client);
      }
      const asks = async (client: RawClient): Promise<number> => {
        client.chunks.length = 0;
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.until(() => client.bytes.includes("\r\n\r\n"));
        return statusOf(client.bytes.toString("latin1"));
      };
      const kept = await join();
      const asked = [await asks(kept)];
      const silent = await join();
      // The third is cut, before or after its TLS is agreed on.
      asked.push(await join().then(asks, () => 0));
      asked.push(await asks(kept));
      silent.socket.destroy();
      // Until the server has seen that it left.
      while (asked.at(-1) !== 200 || asked.length < 4) {
        asked.push(await join().then(asks, () => 0));
      }
      assertEquals([...new Set(asked.slice(3, -1))].filter((status) => status !== 0), []);
      assertEquals(asked.slice(0, 3), [200, 0, 200]);
      assertEquals(sockets.map(({ ended }) => ended), [false, false, false]);
      for (const { socket } of [...sockets, kept]) socket.destroy();
    }, {
      ...(secure ? { cert, key } : {}),
      fallback: () => new Response("a page"),
      maxPlainConnections: 2,
      onError: (error, { address }, where) => void told.push(`${address} ${where} ${error}`),
    });
    assertStringIncludes(
      told[0] ?? "",
      "127.0.0.1 transport RangeError: Cannot serve a connection",
    );
  });
}

test("OpenSockets destroys sockets without a request in time", async () => {
  const sockets = new OpenSockets(20);
  let accepted = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    if (++accepted === 1) sockets.settle(socket);
    socket.on("data", (chunk: Uint8Array) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const settled = await RawClient.connect(address.port);
  settled.write("a");
  await settled.until(() => settled.bytes.length > 0);
  const silent = await RawClient.connect(address.port);
  await silent.rest();
  settled.write("b");
  await settled.until(() => settled.bytes.length > 1);
  assertEquals(settled.bytes.toString(), "ab");
  sockets.destroy();
  await sockets.drained();
  await settled.rest();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
