/**
 * Mutated inputs by the million: at the decoder, at a server's connections over the memory transport,
 * a server's at clients, and at servers on Deno and Bun over sockets.
 * Every 100,000 inputs it prints its progress. At the end the heap after a collection must not have grown.
 *
 *     deno task fuzz --inputs 10000000 --messages 1000000 --answers 1000000 --sockets 1000000 [--seed 1]
 *     bun tests/fuzz/long.ts --inputs 10000000 --messages 1000000
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { decodeHex, encodeHex } from "@std/encoding";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { BACKENDS } from "../support/backends.ts";
import type { Schema } from "../../codec/mod.ts";
import { fuzzClients } from "./client.ts";
import { fuzzConnections } from "./connection.ts";
import { build, readLines } from "../support/vectors.ts";
import { fuzzSockets } from "./sockets.ts";
import { checkView, mutate, randomFrom, readBoth } from "./support.ts";

/** Bytes the heap may have grown by: code that was compiled meanwhile, and caches. */
const MAX_GROWTH_BYTES = 32 << 20;
/** The most growth of a server's process since its start. */
const MAX_RSS_GROWTH_BYTES = 256 << 20;
const REPORT_EVERY = 500_000;

const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};
const inputs = option("inputs", 200_000);
const messages = option("messages", 20_000);
const answers = option("answers", 20_000);
const sockets = option("sockets", 20_000);
const seed = option("seed", 1);

interface Case {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly archive: Uint8Array;
}

/** The golden vectors with a valid schema: some have map keys that are refused. */
function cases(): Case[] {
  const lines = ["core", "random", "protocol"].flatMap((f) => readLines(`reference/${f}.jsonl.gz`));
  return lines.flatMap(({ name, schema, hex }) => {
    try {
      return [{ name, schema: build(schema).schema, archive: decodeHex(hex) }];
    } catch (error) {
      if (error instanceof TypeError) return [];
      throw error;
    }
  });
}

interface Bun {
  gc(force: boolean): void;
}

async function heapBytes(): Promise<number> {
  const { gc, Bun: bun } = globalThis as { gc?: () => void; readonly Bun?: Bun };
  for (let i = 0; i < 3; i++) {
    if (bun === undefined) gc?.();
    else bun.gc(true);
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** Decode and validate each; view every eighth, which is slower. Any error but a `CodecError` ends it. */
async function fuzzDecoder(): Promise<void> {
  const all = cases();
  const random = randomFrom(seed);
  let accepted = 0;
  let slowestMs = 0;
  for (let i = 0; i < inputs; i++) {
    const { name, schema, archive } = all[random(all.length)]!;
    const bytes = mutate(archive, random);
    const start = performance.now();
    try {
      const outcome = readBoth(BACKENDS[i % 2]!, schema, bytes);
      if ("value" in outcome) accepted++;
      if (i % 8 === 0) checkView(schema, bytes, outcome);
    } catch (cause) {
      throw new Error(`${name}, seed ${seed}, input ${i}: ${encodeHex(bytes)}`, { cause });
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
    if (i % REPORT_EVERY === 0) console.error(`decoder: ${i} of ${inputs}, ${accepted} accepted`);
  }
  console.log(
    `decoder: ${inputs} inputs, ${accepted} accepted, slowest ${slowestMs.toFixed(0)} ms`,
  );
  await turn();
}

let good = true;
async function measured(name: string, run: (count: number) => Promise<void>): Promise<void> {
  await run(0.02);
  const before = await heapBytes();
  const start = performance.now();
  await run(1);
  const growth = await heapBytes() - before;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${name}: ${seconds} s, heap ${mebibytes(before)} MiB before, ${
      mebibytes(growth)
    } MiB more after`,
  );
  if (growth > MAX_GROWTH_BYTES) good = false;
}

if (inputs > 0) await measured("decoder", (part) => part < 1 ? Promise.resolve() : fuzzDecoder());
if (messages > 0) {
  await measured("connection", async (part) => {
    const counts = await fuzzConnections(Math.ceil(messages * part), seed);
    if (part === 1) console.log("connection:", counts);
  });
}
if (answers > 0) {
  await measured("client", async (part) => {
    const counts = await fuzzClients(Math.ceil(answers * part), seed);
    if (part === 1) console.log("client:", counts);
  });
}
if (sockets > 0) {
  for (const runtime of ["deno", "bun"] as const) {
    const start = performance.now();
    const { before, after, ...counts } = await fuzzSockets(runtime, sockets, seed, (report) => {
      console.error(`sockets of ${runtime}: ${report.messages} of ${sockets}`);
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`sockets of ${runtime}: ${seconds} s`, counts, { before, after });
    if (after.rss - before.rss > MAX_RSS_GROWTH_BYTES) good = false;
  }
}
console.log(good ? "no crash, no hang, no leak" : "FAILED: memory grew");
process.exit(good ? 0 : 1);
