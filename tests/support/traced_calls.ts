/**
 * Serves and calls itself, once successfully and once not, for tests of tracing.
 *
 * @module
 */
import process from "node:process";
import { connect } from "../../client.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

interface Api {
  readonly trace: { getTracer(name: string): { startSpan(name: string): { end(): void } } };
}
const { [Symbol.for("opentelemetry.js.api.1")]: api } = globalThis as unknown as {
  readonly [API: symbol]: Api;
};

const Traced = service({
  name: "traced",
  rpc: { good: rpc({}, u32), bad: rpc(), items: rpc({}, stream(u32)) },
});

const server = await serve(
  Traced,
  { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
  () => ({
    good: () => 1,
    bad: () => Promise.reject(new Error("a secret")),
    // More than a client's credit at once.
    *items() {
      for (let i = 0; i < 6000; i++) yield i;
      api!.trace.getTracer("test").startSpan("the last item").end();
    },
  }),
);
const client = await connect(Traced, `ws://127.0.0.1:${server.port}`);
await client.rpc.good();
await client.rpc.bad().catch(() => {});
for await (const _ of client.rpc.items());
await client.close();
await server.close();
process.stdout.write("done\n");
