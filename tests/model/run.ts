/**
 * {@linkcode explore}: worlds by the hundred, until time is over or one is wrong.
 *
 * @module
 */
import fc from "fast-check";
import { type Codec, interpret } from "../../codec/archive.ts";
import { generate } from "../../codec/compiler.ts";
import { held } from "../support/held.ts";
import {
  call,
  type ClientOptions,
  type Command,
  commands,
  connectOne,
  firstClients,
  heal,
  liveClients,
} from "./commands.ts";
import { MemoryWorld } from "./memory_world.ts";
import { TcpWorld } from "./tcp_world.ts";
import type { World } from "./world.ts";

/** The kinds of worlds. */
export const WORLDS = {
  memory: (codec: Codec) => Promise.resolve(new MemoryWorld(codec)),
  ws: () => TcpWorld.start("ws"),
  wss: () => TcpWorld.start("wss"),
  mount: () => TcpWorld.start("mount"),
} as const satisfies Readonly<Record<string, (codec: Codec) => Promise<World>>>;

/** A kind of world. */
export type WorldName = keyof typeof WORLDS;

/** How to explore. */
export interface Exploration {
  /** The kind of worlds. */
  readonly world: WorldName;
  /** Whether schemas are compiled. */
  readonly compiled: boolean;
  /** The first of the seeds. */
  readonly seed: number;
  /** Milliseconds after which no new worlds are made. */
  readonly forMs: number;
  /** The number of the world within the seed, as in a failure. */
  readonly path?: string | undefined;
  /** Its commands, as in a failure. */
  readonly replayPath?: string | undefined;
  /** Commands of a world at most. */
  readonly size?: number | undefined;
}

/** Worlds made with one seed, where one takes a millisecond, and where it takes a hundred. */
const [MEMORY_WORLDS, TCP_WORLDS] = [20, 4];
/** Milliseconds to look for a smaller world that is wrong too. */
const SHRINK_MS = 60_000;

/**
 * Make worlds and look at them.
 *
 * @returns How many there were.
 * @throws If one is wrong: the commands, the seed, and how to see it again.
 */
export async function explore(exploration: Exploration): Promise<number> {
  const { compiled, world, path, replayPath, forMs, size = 60 } = exploration;
  const codec = compiled ? generate : interpret;
  const until = performance.now() + forMs;
  let worlds = 0;
  for (let { seed } = exploration; worlds === 0 || performance.now() < until; seed++) {
    const result = await fc.check(
      fc.asyncProperty(
        firstClients,
        commands(size, replayPath),
        (clients, list) => live(world, codec, clients, list),
      ),
      {
        seed,
        numRuns: world === "memory" ? MEMORY_WORLDS : TCP_WORLDS,
        interruptAfterTimeLimit: Math.max(1, until - performance.now()) + SHRINK_MS,
        markInterruptAsFailure: false,
        ...(path !== undefined && { path }),
      },
    );
    worlds += result.numRuns;
    if (result.failed) throw new Error(explain(exploration, seed, result));
    if (path !== undefined) break;
  }
  return worlds;
}

function explain(
  { world, compiled, size = 60 }: Exploration,
  seed: number,
  { counterexample, counterexamplePath, errorInstance }: fc.RunDetails<
    [ClientOptions[], Iterable<Command>]
  >,
): string {
  const list = String(counterexample?.[1]);
  const replayPath = /replayPath="([^"]*)"/.exec(list)?.[1];
  const error = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance));
  const cause = error.cause === undefined ? "" : `\nbecause of ${String(error.cause)}`;
  return [
    `${error.message}${cause}`,
    `with ${JSON.stringify(counterexample?.[0])}`,
    `after ${list}`,
    "to see it again:",
    `deno task model --world ${world} --compiled ${compiled} --size ${size} --seed ${seed}` +
    ` --path ${counterexamplePath}${replayPath ? ` --replay ${replayPath}` : ""}`,
  ].join("\n");
}

/** Run one world's commands, and check that it becomes idle and leaves nothing. */
async function live(
  name: WorldName,
  codec: Codec,
  clients: readonly ClientOptions[],
  list: Iterable<Command>,
): Promise<void> {
  const world: World = await WORLDS[name](codec);
  try {
    for (const options of clients) await connectOne(world, options);
    await fc.asyncModelRun(() => ({ model: world, real: world }), list);
    await end(world);
  } finally {
    await world.dispose();
  }
  const left = world.leftBehind();
  if (left) throw new Error(`left behind: ${left}`);
}

async function end(world: World): Promise<void> {
  const { history } = world;
  const clients = liveClients(world);
  for (const client of history.clients) heal(world, client);
  const settled = (): boolean => history.calls.every((call) => call.settled !== undefined);
  const idle = (): boolean => settled() && history.underWay.size === 0;
  const open = (): boolean => clients.every(({ client }) => client!.status.state === "open");
  await world.rest(() => idle() && open());
  history.check();
  if (!idle() || !open()) {
    throw new Error(
      `no rest: ${history.calls.filter((call) => call.settled === undefined).length} calls, ` +
        `${JSON.stringify([...history.underWay])}, ` +
        `${JSON.stringify(clients.map(({ client }) => client!.status.state))}`,
    );
  }
  // A frozen connection looks open until the call finds out.
  for (let round = 0; round < 2; round++) {
    for (const client of clients) void call(world, client, client.client!.rpc, []);
    await world.rest(() => settled() && open());
  }
  await world.pass(1);
  for (const client of clients) history.checkAtRest(client);
  history.check();
  for (const client of clients) {
    client.closed = true;
    void client.client!.close().then(history.enter("client.close()"));
  }
  await world.rest(() => history.underWay.size === 0 && world.server.connections === 0);
  history.check();
  for (const { index, client } of history.clients) {
    const left = held(client!);
    if (left.some((count) => count > 1)) throw new Error(`client ${index} holds ${left}`);
  }
  const { connections, callsInFlight, subscriptions, topics, bufferedBytes } = world.server.stats();
  const left = { connections, callsInFlight, subscriptions, topics, bufferedBytes };
  if (Object.values(left).some((count) => count > 0)) {
    throw new Error(`the server holds ${JSON.stringify(left)}`);
  }
}
