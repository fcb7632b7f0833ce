/** A `serve()` that rejects leaves nothing behind. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import net from "node:net";
import { test } from "node:test";
import { rpc, service, u32 } from "../../mod.ts";
import { type Broker, serve, type ServeOptions } from "../../server.ts";
import { selfSigned } from "../../tls/self_signed.ts";
import { openFiles } from "../support/open_files.ts";
import { until } from "../support/until.ts";

const Small = service({ rpc: { get: rpc({}, u32) } });
const methods = () => ({ get: () => 1 });

class CountingBroker implements Broker {
  started = 0;
  closed = 0;

  start(): Promise<void> {
    this.started++;
    return Promise.resolve();
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  unsubscribe(): Promise<void> {
    return Promise.resolve();
  }

  publish(): void {}

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

async function takenPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("serve() names the port in use, and starts no broker", async () => {
  await using taken = await takenPort();
  const broker = new CountingBroker();
  const options = { hostname: "127.0.0.1", tls: "plain", broker } as const;
  const error = await assertRejects(
    () => serve(Small, { ...options, port: taken.port }, methods),
    Error,
  );
  assertEquals((error as Error & { code?: unknown }).code, "EADDRINUSE");
  assert(error.message.includes(`127.0.0.1, port ${taken.port}: another program has it`));
  assertEquals([broker.started, broker.closed], [0, 0]);
  const server = await serve(Small, { ...options, port: 0 }, methods);
  assertEquals(broker.started, 1);
  await server.close();
  assertEquals([broker.started, broker.closed], [1, 1]);
});

const [one, other] = [
  await selfSigned({ hosts: ["localhost"] }),
  await selfSigned({ hosts: ["localhost"] }),
];

const FAILING: Readonly<Record<string, Partial<ServeOptions<undefined>>>> = {
  "a certificate that is none": { tls: { cert: "none", key: "none" } },
  "the key of another certificate": { tls: { cert: one.cert, key: other.key } },
  "an empty certificate": { tls: { cert: "", key: "" } },
  "a certificate and no key": { tls: { cert: one.cert } as { cert: string; key: string } },
  "neither a certificate nor a key": { tls: {} as { cert: string; key: string } },
  "an address that is not here": { tls: "plain", hostname: "192.0.2.1" },
  "a limit out of range": { limits: { maxConnections: -1 } },
};

for (const [name, options] of Object.entries(FAILING)) {
  test(`serve() with ${name} leaves nothing`, async () => {
    const broker = new CountingBroker();
    const fail = () =>
      assertRejects(() =>
        serve(Small, { port: 0, hostname: "127.0.0.1", broker, ...options }, methods)
      );
    await fail();
    const before = openFiles();
    for (let i = 0; i < 5; i++) await fail();
    // Other sockets of this process may open and close; none of these five is left.
    await until(() => openFiles() <= before);
    assertEquals([broker.started, broker.closed], [0, 0]);
  });
}

test("serve() says which of certificate and key is unusable", async () => {
  const said = async (tls: { cert: string; key: string }) =>
    (await assertRejects(() => serve(Small, { port: 0, tls }, methods), TypeError)).message;
  assert((await said({ cert: "x", key: one.key })).includes("tls.cert"));
  assert((await said({ cert: one.cert, key: "x" })).includes("tls.key"));
  assert((await said({ cert: one.cert, key: other.key })).includes("another certificate"));
});
