/**
 * Two servers in one process: one closes on an invalid message, one skips it. Answers each line with the
 * resources that they hold.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { serve } from "../../server.ts";
import { processorTimes } from "../hostile/processor.ts";
import { handlers, isPeersFault, Target } from "./connection.ts";
import { openFiles } from "../support/open_files.ts";

/** The servers' resources, and their errors. */
export interface SocketServerReport {
  /** Of both: connections, calls in flight, subscriptions, topics, bytes that wait. */
  readonly held: readonly number[];
  /** File descriptors. */
  readonly files: number;
  /** Bytes of memory. */
  readonly rss: number;
  /** Milliseconds of the processor for which nothing else ran, at most. */
  readonly longestBlockMs: number;
  /** Received messages. */
  readonly messages: number;
  /** Connections that were opened. */
  readonly opened: number;
  /** Messages that could not be read. */
  readonly protocolErrors: number;
  /** The first error that is not the fault of a damaged message. */
  readonly unexpected: string | undefined;
}

const SAMPLE_MS = 5;

async function main(): Promise<void> {
  let longestBlockMs = 0;
  let last = processorTimes("self").ranMs;
  setInterval(() => {
    const { ranMs } = processorTimes("self");
    longestBlockMs = Math.max(longestBlockMs, ranMs - last);
    last = ranMs;
  }, SAMPLE_MS);
  let unexpected: string | undefined;
  const options = {
    port: 0,
    hostname: "0.0.0.0",
    tls: "plain",
    limits: {
      maxDepth: 64,
      maxDecodedBytes: 1 << 20,
      handshakeTimeoutMs: 2000,
      closeTimeoutMs: 1000,
    },
    onError(error: unknown) {
      if (!isPeersFault(error)) unexpected ??= String(error);
    },
  } as const;
  const servers = await Promise.all(
    (["close", "ignore"] as const).map((onProtocolError) =>
      serve(Target, { ...options, onProtocolError }, handlers)
    ),
  );
  process.stdout.write(`${JSON.stringify(servers.map(({ port }) => port))}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    const stats = servers.map((server) => server.stats());
    const sum = (pick: (each: typeof stats[number]) => number): number =>
      stats.reduce((total, each) => total + pick(each), 0);
    const report: SocketServerReport = {
      held: [
        sum((each) => each.connections),
        sum((each) => each.callsInFlight),
        sum((each) => each.subscriptions),
        sum((each) => each.topics),
        sum((each) => each.bufferedBytes),
      ],
      files: openFiles(),
      rss: process.memoryUsage().rss,
      longestBlockMs,
      messages: sum((each) => each.messagesReceived),
      opened: sum((each) => each.connectionsOpened),
      protocolErrors: sum((each) => each.protocolErrors),
      unexpected,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  process.exit(0);
}

if (import.meta.main) await main();
