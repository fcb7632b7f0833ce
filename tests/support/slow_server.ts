/**
 * Serves one method that answers after a given number of milliseconds, until its input ends. Prints its
 * address when it listens.
 *
 * @module
 */
import process from "node:process";
import { rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

/** The service. */
export const Slow = service({ name: "Slow", rpc: { after: rpc({ delayMs: u32 }, u32) } });

if (import.meta.main) {
  const server = await serve(Slow, { port: 0, hostname: "127.0.0.1", tls: "plain" }, () => ({
    after: ({ delayMs }) => new Promise((resolve) => setTimeout(resolve, delayMs, delayMs)),
  }));
  process.stdout.write(`${server.url}\n`);
  process.stdin.resume();
  process.stdin.once("end", async () => {
    await server.close();
    process.exit(0);
  });
}
