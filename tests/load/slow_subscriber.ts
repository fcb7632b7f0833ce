/**
 * Subscribers that read, and one with larger events that reads them or has stopped, in turns of one
 * run. Those that read must not be slowed by its stopping, and what waits for it must stay within its
 * bound. It is closed again and again, and comes back each time.
 *
 *     deno run -A tests/load/slow_subscriber.ts [deno|bun] [--subscribers 1000] [--seconds 10] [--rounds 3]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../client.ts";
import { type RuntimeId, start } from "../support/runtimes.ts";
import { RawClient } from "../support/raw_client.ts";
import { numberOption, percentile } from "./support.ts";
import { MAX_BUFFERED_BYTES, nowMs, Ticks } from "./ticks.ts";

const runtime: RuntimeId = process.argv.includes("bun") ? "bun" : "deno";
const subscribers = numberOption("subscribers", 1000);
const seconds = numberOption("seconds", 10);
const rounds = numberOption("rounds", 3);
/** How much slower the median turn may be with a stopped one, and still be noise. */
const MAX_SLOWDOWN = 1.25;

await using program = await start(runtime, "load/ticks.ts");
const port = Number(program.firstLine);
const lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();

interface Stats {
  readonly bufferedBytes: number;
  readonly slowConsumersClosed: number;
  readonly rss: number;
}

async function stats(): Promise<Stats> {
  program.child.stdin!.write("\n");
  // Answers have the order of the lines, and so do the results of `next()`.
  return JSON.parse((await lines.next()).value ?? "") as Stats;
}

let samples: number[] = [];
let lost = 0;
async function read(events: AsyncIterable<{ readonly payload: unknown }>): Promise<void> {
  for await (const { payload } of events) {
    samples.push(nowMs() - (payload as { readonly at: number }).at);
  }
}

const clients = [];
for (let i = 0; i < subscribers; i++) {
  const client = await connect(Ticks, `ws://127.0.0.1:${port}`, {
    reconnect: false,
    onError: () => void lost++,
  });
  void read(client.events({ buffer: 1000, overflow: "close" })).catch(() => lost++);
  clients.push(client);
}

/** Gets the large events too. Reads all and keeps nothing; or reads nothing, and reconnects when closed. */
class FloodedSubscriber {
  readonly #reads: boolean;
  #stopped = false;
  #client: RawClient | undefined;

  constructor(reads: boolean) {
    this.#reads = reads;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const client = this.#client = await RawClient.connect(port);
      client.write(REQUEST);
      await sleep(50);
      client.socket.removeAllListeners("data");
      if (this.#reads) client.socket.resume();
      else client.socket.pause();
      const { slowConsumersClosed } = await stats();
      while (!this.#stopped && (await stats()).slowConsumersClosed === slowConsumersClosed) {
        await sleep(100);
      }
      client.socket.destroy();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#client?.socket.destroy();
  }
}

const REQUEST = [
  "GET /?flooded HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: hl.2",
  "\r\n",
].join("\r\n");

interface Turn {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly maxBuffered: number;
  readonly maxRss: number;
}

async function turn(reads: boolean): Promise<Turn> {
  const flooded = new FloodedSubscriber(reads);
  const running = flooded.run();
  // The stopped one's buffers in the kernel are filled by then.
  await sleep(2000);
  samples = [];
  const startedAt = performance.now();
  let maxBuffered = 0;
  let maxRss = 0;
  while (performance.now() < startedAt + seconds * 1000) {
    const { bufferedBytes, rss } = await stats();
    maxBuffered = Math.max(maxBuffered, bufferedBytes);
    maxRss = Math.max(maxRss, rss);
    await sleep(50);
  }
  const sorted = Float64Array.from(samples).sort();
  const perSecond = sorted.length / ((performance.now() - startedAt) / 1000);
  flooded.stop();
  await running;
  return {
    perSecond,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    maxBuffered,
    maxRss,
  };
}

const median = (values: readonly number[]): number =>
  Float64Array.from(values).sort()[values.length >>> 1] ?? NaN;
const mebibytes = (count: number): string => (count / 2 ** 20).toFixed(1);

console.log("| of the large | events/s | p50 (ms) | p99 (ms) | waiting (MiB) | server (MiB) |");
console.log("| ------------ | -------: | -------: | -------: | ------------: | -----------: |");
const turns: { readonly without: Turn; readonly with: Turn }[] = [];
const show = (name: string, { perSecond, p50, p99, maxBuffered, maxRss }: Turn): void =>
  console.log(
    `| ${name} | ${perSecond.toFixed(0)} | ${p50.toFixed(2)} | ${p99.toFixed(2)} ` +
      `| ${mebibytes(maxBuffered)} | ${mebibytes(maxRss)} |`,
  );
for (let round = 0; round < rounds; round++) {
  const without = await turn(true);
  show("reads all", without);
  const withOne = await turn(false);
  show("has stopped", withOne);
  turns.push({ without, with: withOne });
}
const { slowConsumersClosed } = await stats();
await Promise.all(clients.map((client) => client.close()));
const rate = median(turns.map((each) => each.with.perSecond / each.without.perSecond));
const slowdown = median(turns.map((each) => each.with.p50 / each.without.p50));
const most = Math.max(...turns.map((each) => each.with.maxBuffered));
console.log(
  `\n${subscribers} subscribers, server on ${runtime}: with a stopped one ${
    rate.toFixed(3)
  } of the ` +
    `events, p50 ${slowdown.toFixed(2)} times; at most ${mebibytes(most)} MiB waited; ` +
    `closed ${slowConsumersClosed} times; ${lost} of those that read were lost`,
);
const good = lost === 0 && rate > 1 / MAX_SLOWDOWN && slowdown < MAX_SLOWDOWN &&
  most <= 2 * MAX_BUFFERED_BYTES + (1 << 20) && slowConsumersClosed > 0;
console.log(good ? "not slowed" : "FAILED");
process.exit(good ? 0 : 1);
