/**
 * The answers of each server to rare requests: the table in SECURITY.md.
 */
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rpc, service, u32 } from "../../mod.ts";
import { runtimeName } from "../../runtime/detect.ts";
import { handler, serve } from "../../server.ts";
import { RawClient, upgradeRequest } from "../support/raw_client.ts";

const Small = service({ rpc: { one: rpc({}, u32) } });
const options = { limits: { handshakeTimeoutMs: 500, closeTimeoutMs: 200 }, onError() {} };
const methods = () => ({ one: () => 1 });
const request = (line: string, ...fields: readonly string[]) =>
  [line, "Host: localhost", "Connection: close", ...fields, "", ""].join("\r\n");

/** A server, by the name that it has in the table. */
type ServerName = "serve() on Deno and Node" | "serve() on Bun" | "Deno.serve";

const SERVERS: readonly ServerName[] = ["serve() on Deno and Node", "serve() on Bun", "Deno.serve"];

const TABLE: readonly {
  readonly what: string;
  readonly request: string;
  readonly status: readonly [number, number, number];
}[] = [
  {
    what: "an upgrade by POST",
    request: upgradeRequest({ "Content-Length": "0" }, "POST / HTTP/1.1"),
    status: [400, 200, 400],
  },
  {
    what: "an upgrade by POST without a length",
    request: upgradeRequest({}, "POST / HTTP/1.1"),
    status: [400, 200, 200],
  },
  {
    what: "an upgrade of HTTP/1.0",
    request: upgradeRequest({}, "GET / HTTP/1.0"),
    status: [400, 101, 101],
  },
  {
    what: "an upgrade to version 12",
    request: upgradeRequest({ "Sec-WebSocket-Version": "12" }),
    status: [426, 426, 101],
  },
  { what: "`Expect: x`", request: request("GET / HTTP/1.1", "Expect: x"), status: [417, 200, 200] },
  { what: "HTTP/1.0", request: request("GET / HTTP/1.0"), status: [200, 200, 200] },
];

async function statusOf(port: number, text: string): Promise<number> {
  const client = await RawClient.connect(port);
  client.write(text);
  await client.until(() => client.bytes.includes("\r\n\r\n"));
  client.socket.destroy();
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(client.bytes.toString("latin1"))?.[1] ?? 0);
}

async function check(name: ServerName, port: number): Promise<void> {
  for (const { what, request, status } of TABLE) {
    assertEquals([what, await statusOf(port, request)], [what, status[SERVERS.indexOf(name)]]);
  }
}

test("SECURITY.md has the table", () => {
  const text = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
  const squeezed = text.replace(/ +/g, " ");
  for (const { what, status } of TABLE) {
    assertStringIncludes(squeezed, `| ${[what, ...status].join(" | ")} |`);
  }
});

/** An acceptor that never decides. */
const undecided = { ...options, authorize: () => new Promise<boolean>(() => {}) };

test("serve() answers 503 where authorize() takes longer than handshakeTimeoutMs", async () => {
  await using server = await serve(
    Small,
    { ...undecided, port: 0, hostname: "127.0.0.1", tls: "plain" },
    methods,
  );
  assertEquals(await statusOf(server.port, upgradeRequest()), 503);
});

test("serve() does not wait for authorize() to close", async () => {
  const limits = { ...options.limits, handshakeTimeoutMs: 600_000 };
  const server = await serve(
    Small,
    { ...undecided, limits, port: 0, hostname: "127.0.0.1", tls: "plain" },
    methods,
  );
  const status = statusOf(server.port, upgradeRequest());
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.close();
  // It is cut where it was not answered before.
  assert([0, 503].includes(await status));
});

test("serve() answers requests that are seldom seen as SECURITY.md says", async () => {
  await using server = await serve(
    Small,
    { ...options, port: 0, hostname: "127.0.0.1", tls: "plain" },
    methods,
  );
  const name = runtimeName() === "bun" ? "serve() on Bun" : "serve() on Deno and Node";
  await check(name, server.port);
});

if (runtimeName() === "deno") {
  test("a mounted fetch of Deno.serve answers 503 where authorize() takes longer than handshakeTimeoutMs", async () => {
    const mounted = handler(Small, undecided, methods);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, mounted.fetch);
    assertEquals(await statusOf(server.addr.port, upgradeRequest()), 503);
    await server.shutdown();
    await mounted.close();
  });

  test("a mounted fetch of Deno.serve answers them as SECURITY.md says", async () => {
    const mounted = handler(Small, options, methods);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, mounted.fetch);
    await check("Deno.serve", server.addr.port);
    await server.shutdown();
    await mounted.close();
  });
}
