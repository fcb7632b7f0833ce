import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { rpc, service, u32, unit } from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import { deferred } from "../support/deferred.ts";

const Target = service({ name: "Target", rpc: { stop: rpc({}, unit), slow: rpc({}, u32) } });

interface Running {
  readonly url: string;
  /** Close the service, from inside a call. */
  close(): Promise<void>;
  /** End the server that it is mounted on. */
  end(): Promise<void>;
}

type Start = (make: HandlerOf<typeof Target>) => Promise<Running>;

const HOW: Record<string, Start> = {
  async "serve()"(make) {
    const server = await serve(Target, { port: 0, hostname: "127.0.0.1", tls: "plain" }, make);
    return { url: server.url, close: () => server.close(), end: async () => {} };
  },
};
const { Deno: deno } = globalThis as { Deno?: typeof Deno };
if (deno?.serve !== undefined) {
  HOW["a Deno.serve mount"] = (make) => {
    const mounted = handler(Target, {}, make);
    const listening = { port: 0, hostname: "127.0.0.1", onListen() {} };
    const server = deno.serve(listening, (request, info) => mounted.fetch(request, info));
    return Promise.resolve({
      url: `ws://127.0.0.1:${server.addr.port}/`,
      close: () => mounted.close(),
      end: () => server.shutdown(),
    });
  };
}

const { Bun: bun } = globalThis as {
  Bun?: { serve(options: object): { readonly port: number; stop(): Promise<void> } };
};
if (bun !== undefined) {
  HOW["a Bun.serve mount"] = (make) => {
    const mounted = handler(Target, {}, make);
    const server = bun.serve({ ...mounted, port: 0, hostname: "127.0.0.1" });
    return Promise.resolve({
      url: `ws://127.0.0.1:${server.port}/`,
      close: () => mounted.close(),
      end: () => server.stop(),
    });
  };
}

for (const [how, start] of Object.entries(HOW)) {
  test(`${how} that closes in a call answers the one that has come behind it`, async () => {
    for (let round = 0; round < 10; round++) {
      let ran = 0;
      let closed: Promise<void> | undefined;
      const finish = deferred<void>();
      const running = await start(() => ({
        stop() {
          closed = running.close();
        },
        async slow() {
          ran++;
          await finish.promise;
          return 7;
        },
      }));
      const client = await connect(Target, running.url, { reconnect: false });
      const stopped = client.rpc.stop();
      const slow = client.rpc.slow().then((value) => value, (error: unknown) => error);
      await stopped;
      setTimeout(finish.resolve, 20);
      const outcome = await slow;
      assertEquals([outcome, ran], [7, 1]);
      await client.close();
      await closed;
      await running.end();
    }
  });
}
