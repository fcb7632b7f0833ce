/**
 * Bytes there and back by size and level, compared with raw frames and with permessage-deflate.
 *
 * @module
 */
import { WebSocket as WsSocket } from "ws";
import { connect } from "../client.ts";
import { dial } from "../runtime/node/dial.ts";
import type { Transport } from "../wire/transport.ts";
import type { Options } from "./options.ts";
import { progress } from "./progress.ts";
import { ServerProcess } from "./server_process.ts";
import { Payload } from "./servers/payload.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import type { Table } from "./table.ts";

const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ["64 B", 64],
  ["4 KiB", 4096],
  ["1 MiB", 1 << 20],
];
const LEVELS: readonly number[] = [0, 1, 6];
const MAX_BYTES = 4 << 20;

interface Echo {
  readonly name: string;
  echo(data: Uint8Array<ArrayBuffer>): Promise<unknown>;
  close(): unknown;
}

/** Payloads of one size: a single one would stay in permessage-deflate's window after its first use. */
const VARIANTS = 32;

/** Records as a program would send them. */
function payloadOf(size: number, first: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let id = first; text.length < size; id++) {
    const price = (id * 7919 % 100_003) / 100;
    text += `{"id":${id},"symbol":"ABC${id % 97}","price":${price},"volume":${id * 31 % 1000}},`;
  }
  return new TextEncoder().encode(text.slice(0, size));
}

async function openRaw(url: string): Promise<Echo> {
  let transport: Transport | undefined;
  let onMessage: () => void = () => {};
  await dial({
    url,
    level: 0,
    maxMessageBytes: MAX_BYTES,
    idleTimeoutMs: 0,
    closeTimeoutMs: 5000,
    signal: new AbortController().signal,
  }, (opened) => {
    transport = opened;
    return { onMessage: () => onMessage(), onClose() {} };
  });
  return {
    name: "raw echo",
    echo: (data) =>
      new Promise<void>((resolve) => {
        onMessage = resolve;
        transport?.send(data);
      }),
    close: () => transport?.terminate(),
  };
}

async function openDeflated(url: string): Promise<Echo> {
  const socket = new WsSocket(url, { perMessageDeflate: { threshold: 0 } });
  let onMessage: () => void = () => {};
  socket.on("message", () => onMessage());
  await new Promise<void>((resolve) => socket.on("open", () => resolve()));
  return {
    name: "permessage-deflate (ws)",
    echo: (data) =>
      new Promise<void>((resolve) => {
        onMessage = resolve;
        socket.send(data);
      }),
    close: () => socket.terminate(),
  };
}

async function openHardlight(url: string, level: number): Promise<Echo> {
  const client = await connect(Payload, url, { level, limits: { maxMessageBytes: MAX_BYTES } });
  return {
    name: `hardlight, level ${level}`,
    echo: (data) => client.rpc.echo({ data }),
    close: () => client.close(),
  };
}

async function p50(
  echo: Echo,
  payloads: readonly Uint8Array<ArrayBuffer>[],
  durationMs: number,
): Promise<number> {
  const samples: number[] = [];
  const end = performance.now() + durationMs;
  for (let start = performance.now(); start < end || samples.length < 3;) {
    await echo.echo(payloads[samples.length % VARIANTS] as Uint8Array<ArrayBuffer>);
    const now = performance.now();
    samples.push((now - start) * 1000);
    start = now;
  }
  return percentile(Float64Array.from(samples).sort(), 0.5);
}

/** Run all rounds. */
export async function runPayload(options: Options): Promise<Table> {
  using servers = new DisposableStack();
  const script = new URL("servers/payload.ts", import.meta.url);
  const raw = servers.use(await ServerProcess.start("echo", false));
  const plain = servers.use(await ServerProcess.run(script, []));
  const deflating = servers.use(await ServerProcess.run(script, ["--ws"]));
  const echoes = [
    await openRaw(raw.address.url),
    ...await Promise.all(LEVELS.map((level) => openHardlight(plain.address.url, level))),
    await openDeflated(deflating.address.url),
  ];
  const rows: string[][] = [];
  for (const [name, size] of SIZES) {
    const payloads = Array.from({ length: VARIANTS }, (_, i) => payloadOf(size, 1 + i * 10_007));
    const turns = echoes.map((): number[] => []);
    for (let round = -1; round < options.rounds; round++) {
      progress(`payload: ${name}, round ${round + 1} of ${options.rounds}`);
      for (let i = 0; i < echoes.length; i++) {
        const at = (i + round + echoes.length) % echoes.length;
        const us = await p50(echoes[at] as Echo, payloads, options.floodMs);
        if (round >= 0) turns[at]?.push(us);
      }
    }
    const [floor = []] = turns;
    echoes.forEach((echo, at) => {
      const own = turns[at] ?? [];
      rows.push([
        `${name}, ${echo.name}`,
        digits(median(own)),
        times(median(own.map((us, i) => us / (floor[i] ?? NaN)))),
      ]);
    });
  }
  for (const echo of echoes) await echo.close();
  return {
    title: "Bytes there and back",
    columns: ["", "p50 µs", "÷ raw"],
    rows,
    notes: [
      "Text of records; raw frames are copied as they are, hardlight's are decoded and encoded.",
    ],
  };
}
