/**
 * The attacked server, in a process of its own on any runtime: prints `listening <port>`; for each line
 * of input it prints a {@linkcode Report} of what has been since the last, and it ends with its input.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { serve } from "../../server.ts";
import { Hostile } from "./service.ts";

/** What an attack has cost, as the attacked process sees it. */
export interface Report {
  /** Milliseconds for which nothing else ran, at most. */
  readonly longestBlockMs: number;
  /** Bytes by which the process has grown, at most. */
  readonly grownBytes: number;
  /** Milliseconds of `JSON.parse` of the largest message that is allowed. */
  readonly parseMs: number;
  /** Connections that are open. */
  readonly connections: number;
}

const SAMPLE_MS = 2;
const length = ({ v }: { readonly v: { readonly length: number } }): number => v.length;
const size = ({ v }: { readonly v: { readonly size: number } }): number => v.size;

const server = await serve(
  Hostile,
  { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
  ({ subscriptions }) => ({
    now: () => 1,
    kinds: length,
    tuples: length,
    structs: length,
    units: length,
    strings: length,
    blobs: length,
    arrays: length,
    hashed: size,
    sorted: size,
    async keep({ v }) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      if (v.length === 0) throw new TypeError("Cannot keep nothing");
    },
    join({ room }) {
      void subscriptions.add(room);
      return subscriptions.size;
    },
    echo: ({ data }) => data,
  }),
);

let longest = 0;
let last = performance.now();
let most = 0;
let before = process.memoryUsage().rss;
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - SAMPLE_MS);
  last = now;
  most = Math.max(most, process.memoryUsage().rss);
}, SAMPLE_MS);

/** Milliseconds of parsing so much JSON of the worst kind, at best of three. */
function parseMs(): number {
  const text = `[${"{},".repeat((2 << 20) / 3 - 2)}{}]`;
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    JSON.parse(text);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
const parse = parseMs();

process.stdout.write(`listening ${server.port}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const report: Report = {
    longestBlockMs: longest,
    grownBytes: Math.max(0, most - before),
    parseMs: parse,
    connections: server.connections,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  longest = 0;
  most = before = process.memoryUsage().rss;
  last = performance.now();
}
process.exit(0);
