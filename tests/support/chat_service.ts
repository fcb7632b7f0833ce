/**
 * The service of the whole-stack tests, its handler, and a pair that checks that nothing is left.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { held } from "./held.ts";
import { type MemoryPair, memoryPair, type MemoryPairOptions } from "../../memory.ts";
import {
  bytes,
  map,
  result,
  rpc,
  RpcError,
  service,
  string,
  type Topic,
  topic,
  u32,
  unit,
  variants,
  vec,
} from "../../mod.ts";
import type { Context } from "../../server/mod.ts";
import type { HandlersOf } from "../../service/mod.ts";

/** The chat's events. */
export type ChatEvent = { type: "said"; text: string } | { type: "left" };

/** A service with one of each: outputs, typed errors, state of several kinds, events. */
export const Chat = service({
  rpc: {
    add: rpc({ amount: u32 }, u32),
    echo: rpc({ data: bytes }, bytes),
    login: rpc({ name: string }, result(u32, string)),
    wait: rpc({ gate: string }, u32),
    fail: rpc({ how: string }),
    push: rpc({ word: string }),
    join: rpc({ room: topic }),
    leave: rpc({ room: topic }),
    say: rpc({ room: topic, text: string }),
    burst: rpc({ room: topic, count: u32 }),
    nothing: rpc({}, unit),
    hangUp: rpc(),
  },
  state: { total: u32, words: vec(string), seen: map(string, u32) },
  event: variants({ said: { text: string }, left: null }),
});

/** The functions of {@linkcode Chat}. */
export interface ChatMethods {
  add(args: { amount: number }): number;
  echo(args: { data: Uint8Array }): Uint8Array;
  login(args: { name: string }): { ok: number } | { err: string };
  wait(args: { gate: string }): number;
  fail(args: { how: string }): void;
  push(args: { word: string }): void;
  join(args: { room: Topic }): void;
  leave(args: { room: Topic }): void;
  say(args: { room: Topic; text: string }): void;
  burst(args: { room: Topic; count: number }): void;
  nothing(): void;
  hangUp(): void;
}

/** The state of {@linkcode Chat}. */
export interface ChatState {
  total: number;
  words: string[];
  seen: Map<string, number>;
}

/** Running calls of `wait`, by gate. */
export class Gates {
  readonly #open: Map<string, ((value: number) => void)[]> = new Map();
  /** Calls of `wait` that have begun. */
  entered = 0;

  /** Wait at a gate. */
  enter(gate: string): Promise<number> {
    this.entered++;
    return new Promise((resolve) => {
      const waiting = this.#open.get(gate);
      if (waiting === undefined) this.#open.set(gate, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Let all who wait at a gate go on. */
  open(gate: string, value = 0): void {
    for (const resolve of this.#open.get(gate) ?? []) resolve(value);
    this.#open.delete(gate);
  }
}

/** A {@linkcode Chat} in memory. */
export interface ChatPair extends MemoryPair<ChatMethods, ChatState, ChatEvent> {
  /** Where `wait` waits. */
  readonly gates: Gates;
  /** The context of each connection, in order. */
  readonly contexts: Context<ChatState, ChatEvent, undefined>[];
}

/** Handlers of one connection. */
export function chatHandlers(
  context: Context<ChatState, ChatEvent, undefined>,
  gates: Gates,
): HandlersOf<ChatMethods> {
  const { state, subscriptions, events, connection } = context;
  return {
    add: ({ amount }) => state.total += amount,
    echo: ({ data }) => data,
    login: ({ name }) => name === "" ? { err: "no name" } : { ok: name.length },
    wait: ({ gate }) => gates.enter(gate),
    fail({ how }) {
      state.total = 999;
      if (how === "panic") throw new Error("a secret");
      if (how === "later") return Promise.reject(new TypeError("a secret"));
      throw new RpcError("TooManyCallsInFlight", "a secret");
    },
    push({ word }) {
      state.words = [...state.words, word];
      state.seen = new Map([...state.seen, [word, (state.seen.get(word) ?? 0) + 1]]);
    },
    join: ({ room }) => subscriptions.add(room),
    leave: ({ room }) => subscriptions.remove(room),
    say: ({ room, text }) => events.emit(room, { type: "said", text }),
    burst({ room, count }) {
      for (let i = 0; i < count; i++) events.emit(room, { type: "said", text: String(i) });
    },
    nothing() {},
    hangUp: () => connection.close(4001, "going"),
  };
}

/** A connected pair; disposing of it checks that no call, iterator, watcher or connection is left. */
export async function chatPair(
  options: MemoryPairOptions<ChatMethods, ChatState, undefined> = {},
): Promise<ChatPair> {
  const gates = new Gates();
  const contexts: Context<ChatState, ChatEvent, undefined>[] = [];
  const pair = await memoryPair<ChatMethods, ChatState, ChatEvent>(
    Chat,
    (context) => {
      contexts.push(context);
      return chatHandlers(context, gates);
    },
    options,
  );
  const clients = [pair.client];
  return {
    ...pair,
    gates,
    contexts,
    async connect(connectOptions) {
      const client = await pair.connect(connectOptions);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      for (const client of clients) {
        assertEquals(held(client), [0, 0, 0, 0]);
      }
      assertEquals(pair.server.connections, 0);
      for (const { signal, subscriptions } of contexts) {
        assertEquals([signal.aborted, subscriptions.size], [true, 0]);
      }
    },
  };
}

/** Let everything that needs no timer run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}
