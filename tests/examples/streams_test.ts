import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { workshop } from "../../examples/streams/handler.ts";
import { Log } from "../../examples/streams/log.ts";
import { page } from "../../examples/streams/page.ts";
import { Workshop } from "../../examples/streams/service.ts";
import { serve } from "../../server.ts";
import { deferred } from "../support/deferred.ts";
import { until } from "../support/until.ts";

async function setUp() {
  const log = new Log();
  const options = { port: 0, hostname: "127.0.0.1", tls: "plain", fallback: page } as const;
  const server = await serve(Workshop, options, workshop(log));
  const client = await connect(Workshop, server.url);
  const end = async (): Promise<void> => {
    await client.close();
    await server.close();
  };
  return { log, server, rpc: client.rpc, [Symbol.asyncDispose]: end };
}

test("the workshop's log is followed until the reader leaves", async () => {
  await using shop = await setUp();
  for (const line of ["one", "two", "three"]) shop.log.write(line);
  const lines: string[] = [];
  for await (const line of shop.rpc.tail({ last: 2 })) {
    if (lines.push(line) === 2) shop.log.write("four");
    if (lines.length === 3) break;
  }
  assertEquals(lines, ["two", "three", "four"]);
  await until(() => shop.log.followers === 0);
});

test("the workshop takes a file and says how much it has; one that breaks off is logged", async () => {
  await using shop = await setUp();
  const parts = Array.from({ length: 50 }, (_, i) => new Uint8Array(10_000).fill(i));
  const sent: bigint[] = [];
  for await (const length of shop.rpc.upload({ name: "a", parts })) sent.push(length);
  assertEquals(sent, parts.map((_, i) => BigInt(10_000 * (i + 1))));
  const arrived = deferred<void>();
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(3);
    await arrived.promise;
    throw new Error("unplugged");
  }
  await assertRejects(async () => {
    for await (const _ of shop.rpc.upload({ name: "b", parts: breaking() })) arrived.resolve();
  });
  const [first, second] = await lastLines(shop.log, 2);
  assertMatch(first!, /^a: 500000 bytes, SHA-256 [0-9a-f]{64}$/);
  assertEquals(second, "b: given up after 3 bytes");
});

test("the workshop counts primes, and stops when the call is cancelled", async () => {
  await using shop = await setUp();
  let last;
  for await (const count of shop.rpc.countPrimes({ below: 1000 })) last = count;
  assertEquals(last, { checked: 1000, primes: 168 });
  const controller = new AbortController();
  const { signal } = controller;
  await assertRejects(async () => {
    for await (const _ of shop.rpc.countPrimes({ below: 4_000_000_000 }, { signal })) {
      controller.abort();
    }
  });
  await until(() => shop.log.lines === 4);
  assertMatch((await lastLines(shop.log, 1))[0]!, /^127\.0\.0\.1 has \d+ primes of \d+ numbers$/);
});

test("the workshop's page is served every module that it imports", async () => {
  const paths = new Set(["/", "/examples/streams/page/app.ts"]);
  for (const path of paths) {
    const url = `http://localhost${path}`;
    const response = await page(new Request(url));
    assertEquals(response.status, 200, path);
    for (const [, name] of (await response.text()).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      paths.add(new URL(name!, url).pathname);
    }
  }
  assertEquals(paths.has("/stream/inlet.ts"), true);
});

async function lastLines(log: Log, last: number): Promise<string[]> {
  const lines: string[] = [];
  const controller = new AbortController();
  for await (const line of log.follow(last, controller.signal)) {
    if (lines.push(line) === last) break;
  }
  return lines;
}
