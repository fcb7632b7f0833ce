/**
 * A server with many clients, in a separate process on any runtime: `crowd_target.ts serve|mount <limits>`.
 * Prints `listening <port>`. For each line of input, a {@linkcode CrowdCommand}, it prints a
 * {@linkcode CrowdReport}; it ends with its input.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Limits } from "../../mod.ts";
import { handler, serve, type ServerOptions } from "../../server.ts";
import { Crowd, type CrowdCommand, type CrowdReport } from "./crowd.ts";
import { noise } from "../support/noise.ts";

interface Runtimes {
  readonly Bun?: { serve(options: unknown): { readonly port: number }; gc(force: boolean): void };
  readonly Deno?: {
    serve(options: unknown, fetch: unknown): { readonly addr: { readonly port: number } };
  };
  readonly gc?: () => void;
}

const { Bun: bun, Deno: deno, gc } = globalThis as unknown as Runtimes;
const limits = JSON.parse(process.argv[3] ?? "{}") as Partial<Limits>;
const options: ServerOptions<unknown> = { limits, onError() {} };
const on = { port: 0, hostname: "127.0.0.1" };
const make = ({ subscriptions }: { readonly subscriptions: { add(topic: string): unknown } }) => ({
  join: () => void subscriptions.add("all"),
});
const mounted = process.argv[2] === "mount" ? handler(Crowd, options, make) : undefined;
const server = mounted ?? await serve(Crowd, { ...on, tls: "plain", ...options }, make);
const port = mounted === undefined
  ? (server as { readonly port: number }).port
  : bun !== undefined
  ? bun.serve({ ...on, ...mounted }).port
  : deno!.serve({ ...on, onListen() {} }, mounted.fetch).addr.port;
process.stdout.write(`listening ${port}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { emitBytes = 0, events = 1, close = false } = JSON.parse(line) as CrowdCommand;
  for (let i = 0; i < events && emitBytes > 0; i++) server.events.emit("all", noise(emitBytes));
  if (close) void server.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  bun === undefined ? gc?.() : bun.gc(true);
  const { connections, bufferedBytes, slowConsumersClosed } = server.stats();
  const report: CrowdReport = {
    residentBytes: process.memoryUsage().rss,
    connections,
    bufferedBytes,
    slowConsumersClosed,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
process.exit(0);
