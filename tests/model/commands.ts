/**
 * {@linkcode commands}: the actions on a world, for fast-check to choose from.
 *
 * @module
 */
import fc from "fast-check";
import type { CallsOf } from "../../service/mod.ts";
import { emit } from "./handlers.ts";
import { type Methods, ModelClient } from "./history.ts";
import { type Step, TOPICS } from "./service.ts";
import { ATTEMPT_HEADER, CLIENT_HEADER, type World } from "./world.ts";

/** Clients there may be at a time. */
const MAX_CLIENTS = 4;

/** A command of fast-check; the model is the world's history. */
export type Command = fc.AsyncCommand<World, World>;

function command<Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (world: World, args: Args) => void | Promise<void>,
  check: (world: World, args: Args) => boolean = () => true,
): fc.Arbitrary<Command> {
  return fc.record({ args, turns: fc.nat(30) }).map(({ args, turns }) => ({
    check: (world) => check(world, args),
    async run(world) {
      await run(world, args);
      await world.turns(turns);
      world.history.check();
    },
    toString: () => `${name}(${JSON.stringify(args)}), ${turns} turns`,
  }));
}

/** A command on one of the clients that are not closed. */
function clientCommand<Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (world: World, client: ModelClient, args: Args) => void | Promise<void>,
): fc.Arbitrary<Command> {
  return command(
    name,
    fc.record({ client: fc.nat(MAX_CLIENTS - 1), args }),
    (world, { client, args }) => {
      const live = liveClients(world);
      return run(world, live[client % live.length]!, args);
    },
    (world) => liveClients(world).length > 0,
  );
}

/** The open clients. */
export function liveClients({ history }: World): ModelClient[] {
  return history.clients.filter(({ closed }) => !closed);
}

/** Make a call that does these steps, and see how it is settled. */
export function call(
  { history }: World,
  client: ModelClient,
  rpc: CallsOf<Methods>,
  steps: readonly Step[],
  { timeoutMs = 30_000, padding = 0, abort }: {
    timeoutMs?: number;
    padding?: number;
    abort?: AbortController | undefined;
  } = {},
): Promise<unknown> {
  const id = history.calls.length;
  const made = {
    id,
    client,
    startedAt: history.now(),
    timeoutMs,
    cancelled: () => abort?.signal.aborted === true,
    open: rpc !== client.client?.rpc || client.client.status.state === "open",
    disruptions: client.disruptions,
    faulty: client.faulty,
    losses: client.losses,
    lossy: client.lossy,
    answered: false,
    runs: 0,
    ended: undefined,
    on: undefined,
    revision: 0,
    settled: undefined,
  };
  history.calls.push(made);
  client.pending++;
  const settled = rpc.act(
    { id, steps: [...steps], padding: new Uint8Array(padding) },
    { timeoutMs, ...(abort && { signal: abort.signal }) },
  );
  return settled.then(
    (value) => history.settled(made, value),
    (error) => history.settled(made, undefined, error ?? "nothing"),
  );
}

const word = fc.constantFrom("a", "b", "длина", "x".repeat(60));
const topic = fc.nat(TOPICS - 1);

/** Steps of handlers. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant("label" as const), text: word }),
  fc.record({ type: fc.constant("push" as const), value: fc.nat(9) }),
  fc.record({ type: fc.constant("pushKept" as const), value: fc.nat(9) }),
  fc.record({ type: fc.constant("items" as const), values: fc.array(fc.nat(9), { maxLength: 3 }) }),
  fc.record({ type: fc.constant("count" as const), word }),
  fc.record({ type: fc.constant("deep" as const), word }),
  fc.constantFrom({ type: "sync" as const }, { type: "turn" as const }),
  fc.record({ type: fc.constant("sleep" as const), ms: fc.nat(40) }),
  fc.record({ type: fc.constant("timer" as const), ms: fc.nat(60) }),
  { arbitrary: fc.record({ type: fc.constant("join" as const), topic }), weight: 3 },
  fc.record({ type: fc.constant("leave" as const), topic }),
  {
    arbitrary: fc.record({
      type: fc.constant("emit" as const),
      topic,
      count: fc.integer({ min: 1, max: 5 }),
      bytes: fc.constantFrom(0, 5, 300, 3000),
    }),
    weight: 2,
  },
  fc.constantFrom({ type: "panic" as const }, { type: "refuse" as const }),
);
const steps = fc.array(step, { maxLength: 6 });
const hangUp: Step = { type: "hangUp" };
const direction = fc.constantFrom("up" as const, "down" as const);

/** How a client connects. */
export interface ClientOptions {
  readonly level: number;
  readonly whenFull: "fail" | "wait";
  /** Whether it subscribes again on every connection after the first. */
  readonly rejoin: boolean;
}

const clientOptions: fc.Arbitrary<ClientOptions> = fc.record({
  level: fc.constantFrom(0, 6),
  whenFull: fc.constantFrom("fail" as const, "wait" as const),
  rejoin: fc.boolean(),
});

const COMMANDS: readonly fc.WeightedArbitrary<Command>[] = [
  {
    weight: 3,
    arbitrary: command(
      "connect",
      clientOptions,
      (world, options) => connectOne(world, options),
      (world) => liveClients(world).length < MAX_CLIENTS,
    ),
  },
  {
    weight: 12,
    arbitrary: clientCommand(
      "call",
      fc.record({ steps, padding: fc.constantFrom(0, 0, 200, 20_000) }),
      (world, client, { steps, padding }) =>
        void call(world, client, client.client!.rpc, steps, { padding }),
    ),
  },
  {
    weight: 3,
    arbitrary: clientCommand(
      "callBriefly",
      fc.record({ steps, timeoutMs: fc.integer({ min: 1, max: 30 }) }),
      (world, client, { steps, timeoutMs }) =>
        void call(world, client, client.client!.rpc, [{ type: "sleep", ms: 20 }, ...steps], {
          timeoutMs,
        }),
    ),
  },
  {
    weight: 3,
    arbitrary: clientCommand(
      "callAndAbort",
      fc.record({ steps, turns: fc.nat(20) }),
      async (world, client, { steps, turns }) => {
        const abort = new AbortController();
        void call(world, client, client.client!.rpc, steps, { abort });
        await world.turns(turns);
        abort.abort();
      },
    ),
  },
  {
    weight: 1,
    arbitrary: clientCommand(
      "burst",
      fc.record({ count: fc.integer({ min: 100, max: 300 }), ms: fc.nat(9) }),
      (world, client, { count, ms }) => {
        for (let i = 0; i < count; i++) {
          void call(world, client, client.client!.rpc, [{ type: "sleep", ms: ms * (i % 3) }]);
        }
      },
    ),
  },
  {
    weight: 4,
    arbitrary: command(
      "emit",
      fc.record({ topic, count: fc.integer({ min: 1, max: 20 }), bytes: fc.nat(400) }),
      (world, event) => emit(world.history, world.server.events, event),
    ),
  },
  {
    weight: 1,
    arbitrary: clientCommand(
      "hangUp",
      steps,
      (world, client, steps) => void call(world, client, client.client!.rpc, [...steps, hangUp]),
    ),
  },
  { weight: 6, arbitrary: command("pass", fc.nat(100), (world, ms) => world.pass(ms)) },
  { weight: 1, arbitrary: command("passLong", fc.nat(5000), (world, ms) => world.pass(ms)) },
  {
    weight: 2,
    arbitrary: clientCommand("cut", fc.constant(0), (world, client) => {
      client.hurt();
      world.link(client.index).cut();
    }),
  },
  {
    weight: 3,
    arbitrary: clientCommand("cutAfter", fc.nat(2000), (world, client, amount) => {
      client.hurt();
      world.link(client.index).cutAfter(amount);
    }),
  },
  {
    weight: 2,
    arbitrary: clientCommand("stall", direction, (world, client, direction) => {
      // A side that receives nothing may end the connection.
      client.hurt();
      world.link(client.index).stall(direction);
    }),
  },
  {
    weight: 2,
    arbitrary: clientCommand(
      "heal",
      fc.constant(0),
      (world, { index }) => world.link(index).heal(),
    ),
  },
  {
    weight: 1,
    arbitrary: clientCommand("halfClose", direction, (world, client, direction) => {
      client.hurt();
      world.link(client.index).halfClose(direction);
    }),
  },
  {
    weight: 1,
    arbitrary: clientCommand("freeze", fc.constant(0), (world, client) => {
      client.hurt();
      world.link(client.index).freeze();
    }),
  },
  {
    weight: 1,
    arbitrary: clientCommand("close", fc.constant(0), (world, client) => {
      client.closed = true;
      void client.client!.close().then(world.history.enter("client.close()"));
    }),
  },
  {
    weight: 1,
    arbitrary: command(
      "restart",
      fc.record({ deadlineMs: fc.constantFrom(1, 10, 5000), goneMs: fc.nat(50) }),
      async (world, { deadlineMs, goneMs }) => {
        for (const client of world.history.clients) client.leave();
        await world.restart(deadlineMs, goneMs);
      },
    ),
  },
];

/** Let everything pass again. Frozen connections stay broken. */
export function heal(world: World, client: ModelClient): void {
  client.disruptions++;
  client.losses++;
  world.link(client.index).heal();
}

/** The clients that a world begins with. */
export const firstClients: fc.Arbitrary<ClientOptions[]> = fc.array(clientOptions, {
  minLength: 1,
  maxLength: 3,
});

/** Commands for one world. */
export function commands(size: number, replayPath?: string): fc.Arbitrary<Iterable<Command>> {
  return fc.commands([fc.oneof(...COMMANDS)], {
    maxCommands: size,
    size: "max",
    ...(replayPath !== undefined && { replayPath }),
  });
}

/** Connect one more client. */
export async function connectOne(
  world: World,
  { level, whenFull, rejoin }: ClientOptions,
): Promise<void> {
  const { history } = world;
  const client = new ModelClient(history.clients.length);
  const connected = await world.connect(client.index, {
    level,
    whenFull,
    headers: () => ({
      [CLIENT_HEADER]: String(client.index),
      [ATTEMPT_HEADER]: String(++client.attempts),
    }),
    onError: (error) => history.onClientError(error),
    async onConnect({ rpc, reconnected }) {
      if (!reconnected || !rejoin) return;
      await call(world, client, rpc, [{ type: "join", topic: client.index % TOPICS }]);
    },
  });
  client.client = connected;
  history.clients.push(client);
  history.sees(client, connected.state.current);
  connected.state.subscribe((state) => history.sees(client, state));
  const events = connected.events();
  void (async () => {
    for await (const event of events) history.receives(client, event);
    if (events.dropped > 0) {
      history.wrong(`client ${client.index} dropped ${events.dropped} events`);
    }
  })();
}
