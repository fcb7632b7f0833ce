/**
 * Nodes in this process, for tests of faults.
 *
 * @module
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { memoryPair } from "../../memory.ts";
import {
  type Broker,
  BrokerError,
  type BrokerStatus,
  type MissedEvents,
} from "../../server/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { until } from "../support/until.ts";
import { numbers, type RoomsClient, sleep } from "./members.ts";
import { Rooms, rooms } from "./rooms.ts";

/** Where the tests meet. */
export const LOBBY: Topic = Topic.from("lobby");

/** A node with one client, and all reported errors. */
export interface LocalNode extends AsyncDisposable {
  readonly client: RoomsClient;
  readonly status: BrokerStatus;
  readonly errors: BrokerError[];
  readonly missed: MissedEvents[];
  /** Numbers of the events that the client heard. */
  readonly heard: number[];
  /** Emit events with these numbers, a turn each. */
  emit(numbers: readonly number[], room?: Topic): Promise<void>;
  codes(): string[];
}

/** A node over a broker, that is subscribed to rooms. */
export async function localNode(broker: Broker, ...joined: Topic[]): Promise<LocalNode> {
  const errors: BrokerError[] = [];
  const missed: MissedEvents[] = [];
  const pair = await memoryPair(Rooms, rooms(() => undefined), {
    client: { limits: { maxTopicBytes: 65_535 } },
    server: {
      broker,
      onError: (error) => error instanceof BrokerError && errors.push(error),
      onMissedEvents: (each) => missed.push(each),
      limits: { maxSubscriptions: 20_000, maxTopicBytes: 65_535 },
    },
  });
  const heard: number[] = [];
  void (async () => {
    for await (const { payload } of pair.client.events({ buffer: 1_000_000 })) {
      if (payload.type === "said") heard.push(payload.number);
    }
  })();
  await until(() => pair.server.broker?.link === "up");
  for (const room of joined) await pair.client.rpc.join({ room });
  return {
    client: pair.client,
    get status() {
      return pair.server.broker!;
    },
    errors,
    missed,
    heard,
    async emit(numbers, room = LOBBY) {
      for (const number of numbers) {
        pair.server.events.emit(room, { type: "said", from: 0, number });
        await sleep(0);
      }
    },
    codes: () => errors.map(({ code }) => code),
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  };
}

/** Emit at one node until the other receives it. */
export async function untilHeard(from: LocalNode, to: LocalNode, room = LOBBY): Promise<void> {
  const before = to.heard.length;
  for (let number = 1_000_000; to.heard.length === before; number++) {
    await from.emit([number], room);
    await sleep(50);
  }
}

/** Emit 20 events at one node, and check that the other receives only these. */
export async function twentyCome(from: LocalNode, to: LocalNode): Promise<void> {
  const before = to.heard.length;
  await from.emit(numbers(20));
  await until(() => to.heard.length >= before + 20);
  const heard = to.heard.slice(before);
  if (heard.join() !== numbers(20).join()) throw new Error(`heard ${heard}`);
}

/** A file with an engine's configuration. */
export async function configuration(text: string): Promise<string> {
  const path = `${await mkdtemp(`${tmpdir()}/engine-`)}/engine.conf`;
  await writeFile(path, text);
  return path;
}
