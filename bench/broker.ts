/**
 * Cost of a broker, compared with NATS itself: `deno run -A bench/broker.ts [--only local|across|return]`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { natsBroker } from "../bridges/nats.ts";
import { connect } from "../client.ts";
import { memoryPair } from "../memory.ts";
import { serve } from "../server.ts";
import { rpc, service, topic, u32, variants } from "../mod.ts";
import type { Broker } from "../wire/broker.ts";
import { Topic } from "../wire/topic.ts";
import { findNatsServer, NatsServer } from "../tests/support/nats_server.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { Plan, progress } from "./progress.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

const Ticks = service({
  name: "ticks",
  rpc: { join: rpc({ room: topic }) },
  event: variants({ tick: { number: u32 } }),
});
const ROOM = Topic.from("room");
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const nats = (port: number): Promise<NatsConnection> =>
  connectNats({
    port,
    noEcho: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
    reconnectJitter: 0,
  });

/** A node in this process whose broker is ready. */
async function node(broker: Broker | undefined) {
  const pair = await memoryPair(
    Ticks,
    ({ subscriptions }) => ({ join: ({ room }) => subscriptions.add(room) }),
    { server: { broker, limits: { maxSubscriptions: 20_000 }, onError() {} } },
  );
  while (pair.server.broker?.link === "down") await sleep(5);
  return pair;
}

/** The other process: echoes each bare message, and each event by an event. */
async function echo(port: number): Promise<void> {
  const bare = await nats(port);
  bare.subscribe("bare.there", {
    callback: (_, { data }) => bare.publish("bare.back", data),
  });
  const connection = await nats(port);
  const pair = await node(natsBroker(connection));
  await pair.client.rpc.join({ room: Topic.from("there") });
  const events = pair.client.events({ buffer: 10_000 });
  console.log("ready");
  for await (const { payload } of events) {
    pair.server.events.emit(Topic.from("back"), payload);
  }
}

/** A server and clients on real sockets. */
async function group(port: number | undefined, subscribers: number) {
  const connection = port === undefined ? undefined : await nats(port);
  const server = await serve(
    Ticks,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      broker: connection && natsBroker(connection),
    },
    ({ subscriptions }) => ({ join: ({ room }) => subscriptions.add(room) }),
  );
  while (server.broker?.link === "down") await sleep(5);
  const clients = await Promise.all(
    Array.from({ length: subscribers }, () => connect(Ticks, server.url)),
  );
  for (const client of clients) await client.rpc.join({ room: ROOM });
  const events = clients.map((client) => client.events({ buffer: 10_000 }));
  let number = 0;
  return {
    /** Microseconds until all clients have one event, of `batch` emitted in a turn. */
    async turns(count: number, batch: number): Promise<number> {
      const samples: number[] = [];
      for (let turn = 0; turn < count; turn++) {
        const start = performance.now();
        for (let i = 0; i < batch; i++) {
          server.events.emit(ROOM, { type: "tick", number: number++ });
        }
        for (const each of events) {
          for (let i = 0; i < batch; i++) await each.next();
        }
        samples.push((performance.now() - start) * 1000 / batch);
      }
      return median(samples);
    },
    async close(): Promise<void> {
      for (const each of events) await each.return?.();
      for (const client of clients) await client.close();
      await server.close();
      await connection?.close();
    },
  };
}

const LOCAL_ROUNDS = 31;

/** Both servers live at once and take turns; the ratio is the median of the rounds' ratios. */
async function benchLocal(port: number): Promise<void> {
  const rows: string[][] = [];
  for (
    const [subscribers, batch] of [
      [1, 1],
      [10, 1],
      [50, 1],
      [1, 50],
      [10, 50],
      [50, 50],
    ] as const
  ) {
    const plain = await group(undefined, subscribers);
    const joined = await group(port, subscribers);
    const turns = Math.ceil(2000 / subscribers / Math.sqrt(batch));
    const without: number[] = [];
    const attached: number[] = [];
    for (let round = -5; round < LOCAL_ROUNDS; round++) {
      progress(`${subscribers} local subscribers, ${batch} a turn, round ${round + 6}`);
      const first = await (round % 2 === 0 ? plain : joined).turns(
        turns,
        batch,
      );
      const second = await (round % 2 === 0 ? joined : plain).turns(
        turns,
        batch,
      );
      if (round < 0) continue;
      without.push(round % 2 === 0 ? first : second);
      attached.push(round % 2 === 0 ? second : first);
    }
    await plain.close();
    await joined.close();
    const ratios = without.map((each, i) => attached[i]! / each).sort((x, y) => x - y);
    const name = `${subscribers} local subscribers, ${batch} a turn`;
    rows.push([
      name,
      digits(median(without)),
      digits(median(attached)),
      times(median(ratios)),
      `${times(ratios[LOCAL_ROUNDS >> 2]!)} to ${times(ratios[3 * LOCAL_ROUNDS >> 2]!)}`,
    ]);
  }
  progress("");
  console.log(formatTable({
    title: "A local event, until all have it (µs), without and with a broker",
    columns: ["", "without", "with NATS", "ratio", "middle half"],
    rows,
    notes: [
      "Over WebSockets on loopback, clients in the same process. Goal: 1.2×.",
    ],
  }));
}

async function benchAcross(port: number): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  const run = "Bun" in globalThis ? ["run"] : ["run", "-A", "--quiet"];
  const child = spawn(process.execPath, [
    ...run,
    script,
    "--echo",
    String(port),
  ], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => createInterface({ input: child.stdout! }).once("line", resolve));
  const bare = await nats(port);
  let onBack = (): void => {};
  bare.subscribe("bare.back", { callback: () => onBack() });
  await bare.flush();
  const connection = await nats(port);
  const pair = await node(natsBroker(connection));
  await pair.client.rpc.join({ room: Topic.from("back") });
  const events = pair.client.events();
  const payload = new Uint8Array(32);
  const contenders = {
    bare: async () => {
      const back = new Promise<void>((resolve) => onBack = resolve);
      bare.publish("bare.there", payload);
      await back;
    },
    node: async () => {
      pair.server.events.emit(Topic.from("there"), { type: "tick", number: 1 });
      await events.next();
    },
  };
  const samples: Record<string, number[]> = { bare: [], node: [] };
  for (let round = 0; round < 20; round++) {
    progress(`from one process to another, round ${round + 1} of 20`);
    for (const [name, call] of Object.entries(contenders)) {
      for (let i = 0; i < 100; i++) {
        const start = performance.now();
        await call();
        if (round > 3) samples[name]!.push((performance.now() - start) * 500);
      }
    }
  }
  const row = (name: string, part: number): number =>
    percentile(Float64Array.from(samples[name]!).sort(), part);
  progress("");
  console.log(formatTable({
    title: "From one process to another over NATS (µs, half a round trip)",
    columns: ["", "median", "99 %"],
    rows: [
      [
        "bare publish and subscribe",
        digits(row("bare", 0.5)),
        digits(row("bare", 0.99)),
      ],
      [
        "event to a client of the other node",
        digits(row("node", 0.5)),
        digits(row("node", 0.99)),
      ],
      [
        "ratio",
        times(row("node", 0.5) / row("bare", 0.5)),
        times(row("node", 0.99) / row("bare", 0.99)),
      ],
    ],
    notes: ["Goal: 3×."],
  }));
  child.kill();
  await events.return?.();
  await pair[Symbol.asyncDispose]();
  await connection.close();
  await bare.close();
}

async function benchReturn(server: NatsServer): Promise<void> {
  const connection = await nats(server.port);
  const pair = await node(natsBroker(connection));
  for (let i = 0; i < 10_000; i += 200) {
    await Promise.all(
      Array.from(
        { length: 200 },
        (_, j) => pair.client.rpc.join({ room: Topic.from(`room ${i + j}`) }),
      ),
    );
  }
  const flap = async (): Promise<number> => {
    await server.kill();
    while (pair.server.broker?.link === "up") await sleep(1);
    for (let i = 0; i < 1000; i++) {
      pair.server.events.emit(Topic.from("elsewhere"), {
        type: "tick",
        number: i,
      });
    }
    await server.start();
    while (pair.server.broker?.link === "down") await sleep(1);
    const start = performance.now();
    while (pair.server.broker?.subscribed !== 10_000) await sleep(1);
    return performance.now() - start;
  };
  const took: number[] = [];
  for (let i = 0; i < 10; i++) {
    progress(`the link returns, ${i + 1} of 10`);
    took.push(await flap());
  }
  progress("");
  console.log(
    `10,000 topics subscribed again after the link's return: median ${digits(median(took))} ms, ` +
      `worst ${digits(Math.max(...took))} ms. Goal: 5,000 ms.\n`,
  );
  await pair[Symbol.asyncDispose]();
  await connection.close();
}

const { argv } = process;
if (argv[2] === "--echo") await echo(Number(argv[3]));
else {
  const command = findNatsServer();
  if (command === undefined) throw new Error("nats-server was not found");
  console.log(machineLines(describeMachine("free"))[0], "\n");
  await using server = await NatsServer.start(command);
  const only = argv.indexOf("--only");
  const part = only === -1 ? undefined : argv[only + 1];
  const parts: readonly (readonly [name: string, seconds: number, run: () => Promise<void>])[] = [
    ["local", 48, () => benchLocal(server.port)],
    ["across", 4, () => benchAcross(server.port)],
    ["return", 7, () => benchReturn(server)],
  ];
  const chosen = parts.filter(([name]) => part === undefined || part === name);
  const plan = new Plan(new Map(chosen.map(([name, seconds]) => [name, seconds])));
  for (const [name, , run] of chosen) {
    plan.begin(name);
    await run();
  }
}
