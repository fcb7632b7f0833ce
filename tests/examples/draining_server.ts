/**
 * A server that ends as the examples do. `flood()` sends those who connected to `/?flood` more than
 * the system takes before they read it.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { exitOnSignal } from "../../examples/support.ts";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { serve, type Server } from "../../server.ts";

/** Milliseconds that calls, and then peers, have to end. */
export const CLOSE_TIMEOUT_MS = 2000;
const FLOOD_BYTES = 14 << 20;
const EVENT_BYTES = 1 << 17;

/** Its service. */
export const Draining = service({
  name: "draining",
  rpc: {
    slow: rpc({ ms: u32 }, u32),
    callsInFlight: rpc({}, u32),
    bufferedBytes: rpc({}, u32),
    flood: rpc(),
  },
  event: bytes,
});

async function main(): Promise<void> {
  const server: Server<Uint8Array> = await serve(
    Draining,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "self-signed",
      limits: { closeTimeoutMs: CLOSE_TIMEOUT_MS },
      authorize: ({ url }) => ({ flooded: new URL(url).searchParams.has("flood") }),
    },
    ({ subscriptions, auth }) => {
      if (auth.flooded) subscriptions.add("flood");
      return {
        slow: async ({ ms }) => {
          await sleep(ms);
          return ms;
        },
        callsInFlight: (): number => server.stats().callsInFlight,
        bufferedBytes: (): number => server.stats().bufferedBytes,
        flood(): void {
          const event = crypto.getRandomValues(new Uint8Array(1 << 16));
          const payload = new Uint8Array(EVENT_BYTES);
          payload.set(event);
          payload.set(event.toReversed(), 1 << 16);
          for (let sent = 0; sent < FLOOD_BYTES; sent += EVENT_BYTES) {
            server.events.emit("flood", payload);
          }
        },
      };
    },
  );
  process.stdout.write(`${server.url}\n`);
  await exitOnSignal();
  await server.close();
}

if (import.meta.main) await main();
