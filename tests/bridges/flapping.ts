/**
 * A flapping link under load: the engine is killed and restarted, or frozen and resumed, about once a second,
 * while two nodes emit to themselves and to each other.
 *
 *     deno task soak:broker 10 [nats|redis]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { memoryPair } from "../../memory.ts";
import { Topic } from "../../wire/topic.ts";
import type { Engine } from "../support/engine.ts";
import { type EngineId, findServer, openBroker } from "./engines.ts";
import { numbers, sleep } from "./members.ts";
import { Rooms, rooms } from "./rooms.ts";

/** How it stood at one moment. */
export interface Sample {
  readonly seconds: number;
  /** Number of times the link went down and up. */
  readonly flaps: number;
  /** Events the nodes emitted. */
  readonly emitted: number;
  /** Of those, events that did not leave their node and were counted. */
  readonly dropped: number;
  /** Received events of the other node. */
  readonly received: number;
  readonly heapMebibytes: number;
  readonly residentMebibytes: number;
}

/** Errors by kind: all 0 in a correct run. */
export interface Faults {
  /** Local events that were lost or out of order. */
  local: number;
  /** Flaps after which not every topic was subscribed within 5 seconds. */
  unsubscribed: number;
  /** Flaps after which no event crossed within 5 seconds. */
  deaf: number;
  /** Flaps that a node's status did not show. */
  unseen: number;
  /** Events of the other node that arrived twice, or after a later one of their topic. */
  disorder: number;
}

const TOPICS = 1000;
const ROOMS = numbers(TOPICS).map((i) => Topic.from(`room ${i}`));

/** A node, and a client that counts its events. */
async function makeNode(engine: EngineId, port: number, id: number, faults: Faults) {
  const { broker, close } = await openBroker(engine, port);
  const pair = await memoryPair(Rooms, rooms(() => undefined), {
    server: { broker, onError() {} },
  });
  const last = new Map<number, number>();
  let heard = 0;
  void (async () => {
    for await (const { payload } of pair.client.events({ buffer: 1_000_000 })) {
      if (payload.type !== "said") continue;
      const { from, number } = payload;
      if (from === id) {
        if (number !== heard++) faults.local++;
        continue;
      }
      // Events still in a cut connection may arrive after those of the next one: order holds per topic.
      const room = number % TOPICS;
      if (number <= (last.get(room) ?? -1)) faults.disorder++;
      last.set(room, number);
    }
  })();
  for (const room of ROOMS) await pair.client.rpc.join({ room }).catch(() => {});
  let emitted = 0;
  return {
    get status() {
      return pair.server.broker!;
    },
    get emitted(): number {
      return emitted;
    },
    get missing(): number {
      return emitted - heard;
    },
    emit(count: number): void {
      for (let i = 0; i < count; i++) {
        const room = ROOMS[emitted % TOPICS]!;
        pair.server.events.emit(room, { type: "said", from: id, number: emitted++ });
      }
    },
    async close(): Promise<void> {
      await pair[Symbol.asyncDispose]();
      await close();
    },
  };
}

async function within(ms: number, is: () => boolean): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(5)) {
    if (is()) return true;
  }
  return is();
}

/** Flap for some seconds, and return the result. */
export async function flap(
  engine: EngineId,
  server: Engine,
  seconds: number,
  onSample: (sample: Sample) => void,
): Promise<Faults> {
  const faults: Faults = { local: 0, unsubscribed: 0, deaf: 0, unseen: 0, disorder: 0 };
  const nodes = await Promise.all([0, 1].map((id) => makeNode(engine, server.port, id, faults)));
  const every = (is: (status: typeof nodes[0]["status"]) => boolean) => () =>
    nodes.every(({ status }) => is(status));
  const sum = (of: (node: typeof nodes[0]) => number): number =>
    nodes.reduce((total, node) => total + of(node), 0);
  let flaps = 0;
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const sample = (): void => {
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    onSample({
      seconds: elapsed(),
      flaps,
      emitted: sum(({ emitted }) => emitted),
      dropped: sum(({ status }) => status.dropped + status.failed),
      received: sum(({ status }) => status.received),
      heapMebibytes: heapUsed / 2 ** 20,
      residentMebibytes: rss / 2 ** 20,
    });
  };
  const load = setInterval(() => nodes.forEach((node) => node.emit(50)), 10);
  await within(5000, every(({ subscribed }) => subscribed === TOPICS));
  let sampleAt = 0;
  while (elapsed() < seconds) {
    if (elapsed() >= sampleAt) {
      sample();
      sampleAt += seconds / 10;
    }
    const silent = flaps % 4 === 3;
    if (silent) server.pause();
    else await server.kill();
    if (!await within(5000, every(({ link }) => link === "down"))) faults.unseen++;
    await sleep(100 * Math.random());
    if (silent) server.resume();
    else await server.start();
    if (!await within(5000, every((status) => status.subscribed === TOPICS))) {
      faults.unsubscribed++;
    }
    const before = nodes.map(({ status }) => status.received);
    const hears = (): boolean => nodes.every(({ status }, i) => status.received > before[i]! + 100);
    if (!await within(5000, hears)) faults.deaf++;
    flaps++;
    await sleep(200);
  }
  clearInterval(load);
  if (!await within(5000, () => sum(({ missing }) => missing) === 0)) {
    faults.local += sum(({ missing }) => missing);
  }
  sample();
  for (const node of nodes) await node.close();
  return faults;
}

/** A sample as a row of a table. */
function row(sample: Sample): string {
  return `| ${
    Object.values(sample).map((value: number, i) =>
      value.toFixed(i > 4 ? 1 : 0).padStart([7, 5, 9, 9, 9, 8, 12][i] ?? 0)
    ).join(" | ")
  } |`;
}

if (import.meta.main) {
  const [, , minutes = "10", engine = "nats"] = process.argv;
  const { start, skip } = findServer(engine as EngineId);
  if (skip !== false) throw new Error(skip);
  await using server = await start();
  console.log("| seconds | flaps |   emitted |   dropped |  received | heap MiB | resident MiB |");
  console.log("| ------: | ----: | --------: | --------: | --------: | -------: | -----------: |");
  const faults = await flap(
    engine as EngineId,
    server,
    60 * Number(minutes),
    (sample) => console.log(row(sample)),
  );
  console.log("\nfaults:", JSON.stringify(faults));
  process.exitCode = Object.values(faults).some((count) => count > 0) ? 1 : 0;
}
