/**
 * The workshop's handler of one connection.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HandlerOf } from "../../server.ts";
import { Log } from "./log.ts";
import type { Count, Workshop } from "./service.ts";

/** Milliseconds for which a count may block the event loop. */
const SLICE_MS = 10;

/** A handler whose connections share one log. */
export function workshop(log: Log = new Log()): HandlerOf<typeof Workshop> {
  return ({ peer }) => ({
    tail: ({ last }, { signal }) => log.follow(last, signal),

    async *upload({ name, parts }) {
      const hash = createHash("sha256");
      let length = 0n;
      try {
        for await (const part of parts) {
          hash.update(part);
          length += BigInt(part.length);
          yield length;
        }
        log.write(`${name}: ${length} bytes, SHA-256 ${hash.digest("hex")}`);
      } catch (error) {
        log.write(`${name}: given up after ${length} bytes`);
        throw error;
      }
    },

    async *countPrimes({ below }): AsyncGenerator<Count> {
      log.write(`${peer.address} counts the primes below ${below}`);
      let primes = 0;
      let checked = 0;
      try {
        while (checked < below) {
          const end = performance.now() + SLICE_MS;
          while (checked < below && performance.now() < end) if (isPrime(checked++)) primes++;
          yield { checked, primes };
          // Let other calls run, and the signal of this one abort.
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      } finally {
        log.write(`${peer.address} has ${primes} primes of ${checked} numbers`);
      }
    },
  });
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}
