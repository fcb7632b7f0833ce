/** `serve()` and `handler()` with requests that do not ask for a WebSocket. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { rpc, service, u32 } from "../../mod.ts";
import { type ErrorContext, type Fallback, handler, serve } from "../../server.ts";
import { deferred } from "../support/deferred.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/until.ts";

const Small = service({ name: "Small", rpc: { get: rpc({}, u32) } });
const MIB = 1 << 20;
const onBun = "Bun" in globalThis;

/** The errors that a server reported. */
type Told = { readonly error: unknown; readonly context: ErrorContext }[];

interface Bun {
  serve(options: object): { readonly port: number; stop(cut: boolean): Promise<void> };
}

interface Started extends AsyncDisposable {
  readonly port: number;
}

type Start = (fallback: Fallback, told: Told) => Promise<Started>;

const methods = () => ({ get: () => 1 });

const optionsFor = (fallback: Fallback, told: Told) => ({
  fallback,
  onError: (error: unknown, context: ErrorContext) => void told.push({ error, context }),
  limits: { closeTimeoutMs: 500 },
});

const served: Start = (fallback, told) =>
  serve(
    Small,
    { port: 0, hostname: "127.0.0.1", tls: "plain", ...optionsFor(fallback, told) },
    methods,
  );

const mounted: Start = (fallback, told) => {
  const mount = handler(Small, optionsFor(fallback, told), methods);
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  if (bun !== undefined) {
    const server = bun.serve({ port: 0, hostname: "127.0.0.1", ...mount });
    const stop = () => server.stop(true);
    return Promise.resolve({ port: server.port, [Symbol.asyncDispose]: stop });
  }
  const abort = new AbortController();
  const { signal } = abort;
  const where = { port: 0, hostname: "127.0.0.1", signal, onListen() {} };
  const server = Deno.serve(where, mount.fetch);
  return Promise.resolve({
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await server.finished;
    },
  });
};

const STARTS: Readonly<Record<string, Start>> = "Deno" in globalThis || onBun
  ? { "serve()": served, "handler()": mounted }
  : { "serve()": served };

const text = (client: RawClient): string => client.bytes.toString("latin1");

const request = (line: string, fields = ""): string =>
  `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

for (const [name, start] of Object.entries(STARTS)) {
  test(`${name} sends events as they happen, and ends the stream when the client leaves`, async () => {
    let cancelled = 0;
    let happen: ((text: string) => void) | undefined;
    await using server = await start(() => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          happen = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
        cancel: () => void cancelled++,
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    }, []);
    const client = await RawClient.connect(server.port);
    client.write(request("GET /events"));
    // `EventSource` opens at the head, which Bun sends with the first event.
    if (!onBun) await client.until(() => text(client).includes("\r\n\r\n"));
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      await until(() => happen !== undefined);
      happen?.(event);
      await client.until(() => text(client).includes(event));
      assertStringIncludes(text(client), event);
    }
    client.socket.destroy();
    await until(() => cancelled > 0);
    assertEquals(cancelled, 1);
  });

  test(`${name} holds no more of 100 MiB than is on its way`, async () => {
    let made = 0;
    await using server = await start(() =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            if (made === 100 * MIB) return controller.close();
            made += MIB / 4;
            controller.enqueue(new Uint8Array(MIB / 4));
          },
        }, { highWaterMark: 0 }),
        { headers: { "content-length": `${100 * MIB}` } },
      ), []);
    const client = await RawClient.connect(server.port);
    client.socket.pause();
    client.write(request("GET /file", "Connection: close\r\n"));
    let before = -1;
    // Until the body stops, since nobody reads it.
    while (made === 0 || made !== before) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(made <= 16 * MIB, `${made} bytes were made for who does not read`);
    let received = 0;
    client.socket.removeAllListeners("data");
    client.socket.on("data", (chunk: Uint8Array) => received += chunk.length);
    client.socket.resume();
    await client.until(() => false);
    assert(received > 100 * MIB && received < 101 * MIB, `${received} bytes came`);
  });

  test(`${name} hands on a large upload as it comes`, async () => {
    let received = 0;
    await using server = await start(async (request) => {
      for await (const chunk of request.body ?? []) received += chunk.length;
      return new Response(`${received}`);
    }, []);
    const client = await RawClient.connect(server.port);
    client.write(request("PUT /file", `Content-Length: ${8 * MIB}\r\n`));
    const part = new Uint8Array(2 * MIB);
    for (let sent = part.length; sent <= 8 * MIB; sent += part.length) {
      client.write(part);
      // Bun begins to hand on at the end of small bodies.
      await until(() => received === sent);
    }
    await client.until(() => text(client).endsWith(`\r\n\r\n${8 * MIB}`));
    assertStringIncludes(text(client), "HTTP/1.1 200");
  });

  test(`${name} does not read an unused body`, async () => {
    const { promise: decided, resolve: decide } = deferred<void>();
    await using server = await start(async () => {
      await decided;
      return new Response("too large", { status: 413 });
    }, []);
    const client = await RawClient.connect(server.port);
    const body = new Uint8Array(64 * MIB);
    client.write(request("POST /file", `Content-Length: ${body.length}\r\n`));
    for (let at = 0; at < body.length; at += MIB) client.write(body.subarray(at, at + MIB));
    let before = -1;
    while (client.socket.writableLength !== before) {
      before = client.socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert(before > 32 * MIB, `${body.length - before} bytes were taken`);
    decide();
    await client.until(() => text(client).includes("\r\n\r\n"));
    assertStringIncludes(text(client), "HTTP/1.1 413");
    client.socket.destroy();
  });

  test(`${name} keeps a connection for further requests`, async () => {
    const seen: string[] = [];
    await using server = await start(async (request) => {
      seen.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
      return new Response(`${seen.length}`, { headers: { "x-one": "1" } });
    }, []);
    const client = await RawClient.connect(server.port);
    client.write(request("GET /a"));
    await client.until(() => text(client).endsWith("\r\n\r\n1"));
    client.write(`${request("POST /b", "Content-Length: 2\r\n")}hi`);
    await client.until(() => text(client).endsWith("\r\n\r\n2"));
    client.write(request("GET /c"));
    await client.until(() => text(client).endsWith("\r\n\r\n3"));
    assertEquals(seen, ["GET /a ", "POST /b hi", "GET /c "]);
    assertEquals(client.ended, false);
    client.socket.destroy();
  });

  test(`${name} answers requests in their order that came as one`, async () => {
    const told: Told = [];
    await using server = await start(
      async (request) => new Response(`<${new URL(request.url).pathname} ${await request.text()}>`),
      told,
    );
    const client = await RawClient.connect(server.port);
    const upload = `${request("POST /b", "Content-Length: 2\r\n")}hi`;
    client.write(
      request("GET /a") + upload + request("HEAD /c") + request("GET /d", "Connection: close\r\n"),
    );
    const answers = (await client.rest()).toString("latin1");
    assertEquals(answers.match(/HTTP\/1\.1 \d+|<.*?>/g), [
      ...["HTTP/1.1 200", "</a >", "HTTP/1.1 200", "</b hi>"],
      // That of HEAD.
      "HTTP/1.1 200",
      ...["HTTP/1.1 200", "</d >"],
    ]);
    assertEquals(told, []);
  });

  test(`${name} sends the type that a body implies`, async () => {
    const answers: Readonly<Record<string, () => Response>> = {
      "text/plain": () => new Response("text"),
      "application/json": () => Response.json({}),
      "text/html": () => new Response(new Blob(["<p>"], { type: "text/html" })),
      "application/x-www-form-urlencoded": () => new Response(new URLSearchParams("a=1")),
      "text/css": () => new Response("p {}", { headers: { "content-type": "text/css" } }),
    };
    await using server = await start(({ url }) => answers[new URL(url).pathname.slice(1)]!(), []);
    for (const type of Object.keys(answers)) {
      const response = await fetch(`http://127.0.0.1:${server.port}/${type}`);
      await response.text();
      const [sent] = (response.headers.get("content-type") ?? "none").split(";");
      assertEquals(sent, type);
    }
  });

  test(`${name} sends a Response without a body as often as it is given`, async () => {
    const nothing = new Response(null, { status: 404 });
    await using server = await start(() => nothing, []);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await fetch(`http://127.0.0.1:${server.port}/`);
      await body?.cancel();
      assertEquals(status, 404);
    }
  });

  test(`${name} answers HEAD with the length alone`, async () => {
    await using server = await start(() => new Response("hello"), []);
    const client = await RawClient.connect(server.port);
    client.write(request("HEAD /", "Connection: close\r\n"));
    const answer = (await client.rest()).toString("latin1").toLowerCase();
    assertStringIncludes(answer, "\r\ncontent-length: 5\r\n");
    assert(answer.endsWith("\r\n\r\n"));
  });

  test(`${name} aborts the request's signal when the client leaves`, async () => {
    let aborted = false;
    let asked = false;
    await using server = await start(async ({ signal }) => {
      asked = true;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      aborted = true;
      return new Response("nobody is there");
    }, []);
    const client = await RawClient.connect(server.port);
    client.write(request("GET /"));
    await until(() => asked);
    client.socket.destroy();
    await until(() => aborted);
    assertEquals(aborted, true);
  });

  const used = new Response("once");
  const failing: Readonly<Record<string, () => Response | Promise<Response>>> = {
    "throws": () => {
      throw new Error("a secret");
    },
    "rejects": () => Promise.reject(new Error("a secret")),
    "answers no Response": () => ({ status: 200, secret: "a secret" }) as never,
    "answers Response.error()": () => Response.error(),
    "answers a Response that was read": () => used,
  };
  for (const [what, fallback] of Object.entries(failing)) {
    test(`${name} answers 500 and tells onError when the fallback ${what}`, async () => {
      if (!used.bodyUsed) await used.text();
      const told: Told = [];
      await using server = await start(fallback, told);
      const response = await fetch(`http://127.0.0.1:${server.port}/`);
      assertEquals([response.status, await response.text()], [500, "The server failed\n"]);
      assertEquals(
        told.map(({ error, context: { where, peer, service } }) => [
          error instanceof Error,
          where,
          peer.address,
          service,
        ]),
        [[true, "fallback", "127.0.0.1", "Small"]],
      );
    });
  }

  const broken: Readonly<Record<string, Fallback>> = {
    "reads the body": async (request) => new Response(await request.text()),
    "answers with the body": ({ body }) => new Response(body),
    "reads the body, and says so": async (request) => {
      const text = await request.text().catch((cause) => {
        throw new Error("Cannot save", { cause });
      });
      return new Response(text);
    },
    "waits for the signal": async ({ signal }) => {
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
      return new Response();
    },
  };
  for (const [what, fallback] of Object.entries(broken)) {
    test(`${name} does not report that a client left when the fallback ${what}`, async () => {
      const told: Told = [];
      let asked = 0;
      let settled = 0;
      const answer: Fallback = async (request) => {
        if (new URL(request.url).pathname === "/mistake") throw new Error("a mistake");
        asked++;
        try {
          return await fallback(request);
        } finally {
          settled++;
        }
      };
      await using server = await start(answer, told);
      const client = await RawClient.connect(server.port);
      client.write(
        what.includes("body")
          ? `${request("POST /", "Content-Length: 100\r\n")}abc`
          : request("GET /"),
      );
      await until(() => asked > 0);
      client.socket.destroy();
      await until(() => settled > 0);
      // Later reports would come before this.
      const response = await fetch(`http://127.0.0.1:${server.port}/mistake`);
      assertEquals(response.status, 500);
      await response.text();
      assertEquals(told.map(({ error }) => String(error)), ["Error: a mistake"]);
    });
  }

  test(`${name} answers 500 when a Response is sent twice`, async () => {
    const told: Told = [];
    const page = new Response("page");
    await using server = await start(() => page, told);
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) {
      const response = await fetch(`http://127.0.0.1:${server.port}/`);
      statuses.push(response.status);
      await response.text();
    }
    assertEquals(statuses, [200, 500]);
    assertStringIncludes(String(told[0]?.error), "make a new one for each request");
  });
}

test("serve() leaves it to the fallback how much is too much", async () => {
  await using server = await served(async ({ body }) => {
    const reader = body?.getReader();
    const { value } = await reader?.read() ?? {};
    return new Response(`${value?.length}`);
  }, []);
  const client = await RawClient.connect(server.port);
  client.write(`${request("PUT /", `Content-Length: ${1024 * MIB}\r\n`)}a`);
  await client.until(() => text(client).endsWith("\r\n\r\n1"));
  assertStringIncludes(text(client), "HTTP/1.1 200");
  client.socket.destroy();
});

test("serve() that closes runs no request behind the one that it answers last", async () => {
  const seen: string[] = [];
  const { promise: released, resolve: release } = deferred<void>();
  const server = await serve(Small, {
    port: 0,
    hostname: "127.0.0.1",
    tls: "plain",
    fallback: async (request) => {
      seen.push(new URL(request.url).pathname);
      await released;
      return new Response(`<${seen.length}>`);
    },
  }, methods);
  const client = await RawClient.connect(server.port);
  client.write(request("GET /a") + request("GET /b"));
  await until(() => seen.length > 0);
  const closed = server.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  release();
  const answers = (await client.rest()).toString("latin1");
  await closed;
  assertEquals(seen, ["/a"]);
  // Bun cuts a connection on which a request waits.
  if (!onBun) {
    assertEquals(answers.match(/<.*?>|connection: close/gi), ["Connection: close", "<1>"]);
  }
});

test("serve() answers 421 to a host that is not among its hosts", async () => {
  await using server = await serve(Small, {
    port: 0,
    hostname: "127.0.0.1",
    tls: "plain",
    hosts: ["localhost"],
    fallback: () => new Response("a secret"),
  }, methods);
  const answers: string[] = [];
  for (const host of ["evil.example", `localhost:${server.port}`]) {
    const client = await RawClient.connect(server.port);
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    answers.push((await client.rest()).toString("latin1"));
  }
  assertStringIncludes(answers[0] ?? "", "HTTP/1.1 421");
  assertStringIncludes(answers[1] ?? "", "a secret");
});

test("serve() breaks off an answer whose body fails, and tells onError", async () => {
  const told: Told = [];
  await using server = await served(() => {
    let count = 0;
    return new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (count++ === 2) throw new Error("a secret");
          await new Promise((resolve) => setTimeout(resolve, 10));
          controller.enqueue(new Uint8Array(10));
        },
      }),
    );
  }, told);
  const client = await RawClient.connect(server.port);
  client.write(request("GET /", "Connection: close\r\n"));
  const answer = (await client.rest()).toString("latin1");
  // The end of a chunked body.
  assert(!answer.includes("\r\n0\r\n\r\n"));
  assert(!answer.includes("secret"));
  if (!onBun) assertEquals(told.map(({ context }) => context.where), ["fallback"]);
});
