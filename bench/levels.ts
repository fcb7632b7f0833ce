/**
 * What compressing costs on the default path: calls a second that echo a payload, at the default level as a
 * ratio of level 0, both in one process over a socket, in turns.
 *
 * `deno run -A bench/levels.ts [rounds]`, and the same with `bun`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { connect } from "../client.ts";
import { bytes, rpc, service } from "../mod.ts";
import { serve } from "../server.ts";

const Echo = service({ rpc: { echo: rpc({ octets: bytes }, bytes) } });
const IN_FLIGHT = 16;
const ROUND_MS = 250;
const SIZES = [200, 1000, 4096, 16_384];
const rounds = Number(process.argv[2] ?? 5);

/** A generator of 32 random bits (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return (mixed ^ mixed >>> 14) >>> 0;
  };
}

/** Kinds of payloads, by name. */
const KINDS: Readonly<Record<string, (size: number) => Uint8Array>> = {
  random(size) {
    const next = random(1);
    return Uint8Array.from({ length: size }, () => next());
  },
  json(size) {
    const next = random(2);
    let text = "[";
    while (text.length < size) {
      text += `{"id":${next() % 100_000},"name":"user ${next() % 1000}","score":${
        next() % 10_000 / 100
      },"active":${next() % 2 === 0}},`;
    }
    return new TextEncoder().encode(text.slice(0, size));
  },
  rows(size) {
    const next = random(3);
    const view = new DataView(new ArrayBuffer(size));
    for (let at = 0, id = 1; at + 32 <= size; at += 32) {
      view.setUint32(at, id++, true);
      view.setUint32(at + 4, next() % 50, true);
      view.setFloat64(at + 8, next() % 100_000 / 100, true);
      view.setFloat64(at + 16, next() % 100_000 / 100, true);
      view.setBigUint64(at + 24, 1_700_000_000_000n + BigInt(next() % 100_000), true);
    }
    return new Uint8Array(view.buffer);
  },
};

await using server = await serve(
  Echo,
  { port: 0, hostname: "127.0.0.1", tls: "plain" },
  () => ({ echo: ({ octets }) => octets }),
);
await using packed = await connect(Echo, server.url);
await using stored = await connect(Echo, server.url, { level: 0 });
const clients = { packed, stored };

async function callsPerSecond(name: keyof typeof clients, octets: Uint8Array): Promise<number> {
  const client = clients[name];
  const end = performance.now() + ROUND_MS;
  let calls = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (performance.now() < end) {
      await client.rpc.echo({ octets });
      calls++;
    }
  }));
  return calls / (performance.now() - start) * 1000;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

console.log("payload      default/s  level 0/s  ratio  bytes sent");
for (const [kind, make] of Object.entries(KINDS)) {
  for (const size of SIZES) {
    const octets = make(size);
    const rates = { packed: [] as number[], stored: [] as number[] };
    await callsPerSecond("packed", octets);
    await callsPerSecond("stored", octets);
    for (let round = 0; round < rounds; round++) {
      for (const name of ["packed", "stored"] as const) {
        rates[name].push(await callsPerSecond(name, octets));
      }
    }
    const before = packed.stats().bytesSent;
    await packed.rpc.echo({ octets });
    const sent = packed.stats().bytesSent - before;
    const ratio = median(rates.packed.map((rate, i) => rate / rates.stored[i]!));
    console.log(
      `${kind.padEnd(7)}${String(size).padStart(6)} ${
        median(rates.packed).toFixed(0).padStart(10)
      } ${median(rates.stored).toFixed(0).padStart(10)}  ${ratio.toFixed(2)}  ${
        (sent / size).toFixed(2)
      }`,
    );
  }
}
