/**
 * The attacked server, in a separate process on any runtime, with `mount` on that runtime's own: prints `listening <port>`; for each line
 * of input it prints a {@linkcode Report} of the time since the last, and it ends with its input.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { handler, type HandlerOf, serve, type ServerOptions } from "../../server.ts";
import { noise } from "../support/noise.ts";
import { processorTimes } from "./processor.ts";
import { Hostile } from "./service.ts";

/** The cost of an attack, measured in the attacked process. */
export interface Report {
  /** Milliseconds of the processor for which nothing else ran, at most. */
  readonly longestBlockMs: number;
  /** Bytes by which the process has grown, at most: garbage that is not collected yet included. */
  readonly grownBytes: number;
  /** Growth after a collection since the last report, in bytes; below 0 if memory was freed. */
  readonly heldBytes: number;
  /** Milliseconds of the processor of `JSON.parse` of the largest message that is allowed. */
  readonly parseMs: number;
  /** Connections that are open. */
  readonly connections: number;
}

const SAMPLE_MS = 2;
interface Runtimes {
  readonly Bun?: { serve(options: unknown): { readonly port: number }; gc(now: boolean): void };
  readonly Deno?: {
    serve(options: unknown, fetch: unknown): { readonly addr: { readonly port: number } };
  };
  readonly gc?: () => void;
}
const { Bun: bun, Deno: deno, gc } = globalThis as unknown as Runtimes;

/** Bytes that are left after a collection. */
function collect(): number {
  if (bun === undefined) gc!();
  else bun.gc(true);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const length = ({ v }: { readonly v: { readonly length: number } }): number => v.length;
const size = ({ v }: { readonly v: { readonly size: number } }): number => v.size;

const ZEROS = new Uint8Array(65_536);
const NOISE = noise(65_536);

const on = { port: 0, hostname: "127.0.0.1" };
const options: ServerOptions<undefined> = { onError() {} };
const methods: HandlerOf<typeof Hostile> = ({ subscriptions, client }) => ({
  now: () => 1,
  kinds: length,
  tuples: length,
  structs: length,
  units: length,
  empties: length,
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
  upload: (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  *tail() {
    for (;;) yield ZEROS;
  },
  *parts() {
    for (;;) yield NOISE;
  },
  ask: () => client.confirm(),
});
const mounted = process.argv[2] === "mount" ? handler(Hostile, options, methods) : undefined;
const server = mounted ?? await serve(Hostile, { ...on, tls: "plain", ...options }, methods);
const port = mounted === undefined
  ? (server as { readonly port: number }).port
  : bun !== undefined
  ? bun.serve({ ...on, ...mounted }).port
  : deno!.serve({ ...on, onListen() {} }, mounted.fetch).addr.port;

let longest = 0;
let last = processorTimes("self").ranMs;
let most = 0;
let before = process.memoryUsage().rss;
setInterval(() => {
  const now = processorTimes("self").ranMs;
  longest = Math.max(longest, now - last);
  last = now;
  most = Math.max(most, process.memoryUsage().rss);
}, SAMPLE_MS);

/** Milliseconds of parsing so much JSON of the worst kind, at best of three. */
function parseMs(): number {
  const text = `[${"{},".repeat((2 << 20) / 3 - 2)}{}]`;
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const started = processorTimes("self").ranMs;
    JSON.parse(text);
    best = Math.min(best, processorTimes("self").ranMs - started);
  }
  return best;
}
const parse = parseMs();
let left = collect();

process.stdout.write(`listening ${port}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const now = collect();
  const report: Report = {
    heldBytes: now - left,
    longestBlockMs: longest,
    grownBytes: Math.max(0, most - before),
    parseMs: parse,
    connections: server.connections,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  longest = 0;
  left = now;
  most = before = process.memoryUsage().rss;
  last = processorTimes("self").ranMs;
}
process.exit(0);
