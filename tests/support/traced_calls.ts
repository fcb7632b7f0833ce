/**
 * Serves and calls itself once well and once badly, for tests of what is traced.
 *
 * @module
 */
import process from "node:process";
import { connect } from "../../client.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

const Traced = service({ name: "traced", rpc: { good: rpc({}, u32), bad: rpc() } });

const server = await serve(
  Traced,
  { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
  () => ({
    good: () => 1,
    bad: () => Promise.reject(new Error("a secret")),
  }),
);
const client = await connect(Traced, `ws://127.0.0.1:${server.port}`);
await client.rpc.good();
await client.rpc.bad().catch(() => {});
await client.close();
await server.close();
process.stdout.write("done\n");
