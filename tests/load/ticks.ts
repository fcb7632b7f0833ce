/**
 * A server of events, and its service. Each tick has its time of emission; peers that connect with
 * `?flooded` get large ones too. Answers each line with its memory and the bytes that wait to be sent, as JSON.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { bytes, f64, rpc, service, variants } from "../../mod.ts";
import { serve } from "../../server.ts";

/** Events, above all. */
export const Ticks = service({
  name: "ticks",
  rpc: { ping: rpc() },
  event: variants({ tick: { at: f64 }, filler: { bytes } }),
});

/** Bytes that may wait for one peer. */
export const MAX_BUFFERED_BYTES = 4 << 20;

/** Milliseconds since 1970, on one clock for both processes. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

async function main(): Promise<void> {
  const server = await serve(
    Ticks,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: { maxBufferedBytes: MAX_BUFFERED_BYTES, closeTimeoutMs: 2000 },
      authorize: ({ url }) => ({ flooded: new URL(url).searchParams.has("flooded") }),
    },
    ({ subscriptions, auth }) => {
      subscriptions.add("ticks");
      if (auth.flooded) subscriptions.add("flood");
      return { ping() {} };
    },
  );
  const filler = crypto.getRandomValues(new Uint8Array(60_000));
  setInterval(() => server.events.emit("ticks", { type: "tick", at: nowMs() }), 20);
  setInterval(() => server.events.emit("flood", { type: "filler", bytes: filler }), 5);
  process.stdout.write(`${server.port}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    const { connections, bufferedBytes, slowConsumersClosed } = server.stats();
    const { rss } = process.memoryUsage();
    process.stdout.write(
      `${JSON.stringify({ connections, bufferedBytes, slowConsumersClosed, rss })}\n`,
    );
  }
  process.exit(0);
}

if (import.meta.main) await main();
