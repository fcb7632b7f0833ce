/**
 * Serves until it is asked to end, as the examples do. Takes a port, and prints the one it got.
 *
 * @module
 */
import process from "node:process";
import { exitOnSignal } from "../../examples/support.ts";
import { serve } from "../../server.ts";
import { Slow } from "./sigterm_service.ts";

const server = await serve(
  Slow,
  {
    port: Number(process.argv[2]),
    hostname: "127.0.0.1",
    tls: "plain",
    // A peer that does not read is to be there when the signal comes.
    limits: { maxBufferedBytes: 256 << 20, closeTimeoutMs: 1000 },
    onError() {},
  },
  ({ subscriptions, events }) => {
    subscriptions.add("flood");
    return {
      async slow({ ms }) {
        await new Promise((wake) => setTimeout(wake, ms));
        return ms;
      },
      flood({ count }) {
        const noise = new Uint8Array(1 << 19);
        for (let at = 0; at < noise.length; at += 65_536) {
          crypto.getRandomValues(noise.subarray(at, at + 65_536));
        }
        for (let n = 0; n < count; n++) events.emit("flood", noise);
      },
    };
  },
);
process.stdout.write(`${server.port}\n`);
await exitOnSignal();
await server.close({ deadlineMs: 3000 });
