/**
 * The Rust peer's handlers in TypeScript, so that this module's server can replace it.
 *
 * @module
 */
import { decode, encode, type Infer } from "../../codec/mod.ts";
import { todo } from "../../examples/todo/handler.ts";
import { RPC_HANDLER_ERRORS, RpcError, Topic } from "../../mod.ts";
import { type HandlerOf, type RawHandler, rawHandler, type Server } from "../../server.ts";
import type { Animal, Counter, Echo, Tick } from "./services.ts";
import { Custom, CustomOutput } from "./services.ts";

export { todo };

/** The counter of the reference's README. */
export const counter: HandlerOf<typeof Counter> = ({ state, subscriptions, events }) => {
  const change = (to: number, type: "incremented" | "decremented"): void => {
    const from = state.counter;
    state.counter = to >>> 0;
    events.emit(state.topic, { type, to: state.counter, from });
  };
  return {
    newCounter() {
      subscriptions.remove(state.topic);
      state.topic = Topic.from(crypto.getRandomValues(new Uint8Array(1)));
      state.counter = 0;
      subscriptions.add(state.topic);
    },
    increment: ({ amount }) => change(state.counter + amount, "incremented"),
    decrement: ({ amount }) => change(state.counter - amount, "decremented"),
    get: () => state.counter,
  };
};

/** Greets every new topic, as the README's application does. */
export async function greet(server: Server<Infer<typeof Counter.event & object>>): Promise<void> {
  for await (const { type, topic } of server.topicNotifications()) {
    if (type === "created") server.events.emit(topic, { type: "serverSentTest" });
  }
}

/** The pet. */
export const pet: HandlerOf<typeof Animal> = ({ state }) => ({
  becomeDog(dog) {
    state.pet = { type: "dog", ...dog };
  },
  becomeCat(cat) {
    state.pet = { type: "cat", ...cat };
  },
  makeANoise() {
    if (state.pet === null) return null;
    return `${state.pet.name} says ${state.pet.type === "dog" ? "woof" : "meow"}!`;
  },
});

/** A handler of raw calls, which answers as the crate's `handle()` does. */
export const custom: RawHandler<{ counter: number }, never, undefined> = rawHandler(
  (bytes, { state }) => {
    const call = decode(Custom.calls, bytes) as unknown as { type: string; amount: number };
    if (call.type === "testOverhead") return new Uint8Array(0);
    if (call.type === "increment") state.counter = (state.counter + call.amount) >>> 0;
    if (call.type === "decrement") state.counter = (state.counter - call.amount) >>> 0;
    return encode(CustomOutput, { ok: state.counter });
  },
);

/** The reports of the topic notifier, `+name` and `-name`, in order. */
const topics: string[] = [];

/** Fills the topic log. */
export async function log(server: Server<Infer<typeof Tick>>): Promise<void> {
  for await (const { type, topic } of server.topicNotifications()) {
    topics.push(`${type === "created" ? "+" : "-"}${topic}`);
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Every type, and everything that a handler can do to its connection. */
export const echo: HandlerOf<typeof Echo> = ({ state, subscriptions, events, connection }) => {
  const same = <T>({ v }: { v: T }): T => v;
  const emit = (topic: string, n: number) => events.emit(topic, { type: "tick", n });
  return {
    nothing() {},
    echoBool: same,
    echoU8: same,
    echoI8: same,
    echoU16: same,
    echoI16: same,
    echoU32: same,
    echoI32: same,
    echoU64: same,
    echoI64: same,
    echoU128: same,
    echoI128: same,
    echoUsize: same,
    echoF32: same,
    echoF64: same,
    echoChar: same,
    echoString: same,
    echoBytes: same,
    echoVecU32: same,
    echoVecString: same,
    echoVecU64: same,
    echoOptString: same,
    echoOptU32: same,
    echoTuple: same,
    echoTuple3: same,
    echoArray: same,
    echoInner: same,
    echoOuter: same,
    echoShape: same,
    echoShapes: same,
    echoCstyle: same,
    echoNewtype: same,
    echoUnitStruct: same,
    echoMixed: same,
    echoMap: same,
    echoMapU32: same,
    echoSet: same,
    echoBtree: same,
    echoBox: same,
    echoResult: same,
    echoMany: ({ a, b, c, d, e }) => [a, b, c, d, e],
    async sleepMs({ ms, tag }) {
      await wait(ms);
      return tag;
    },
    fail({ code }) {
      throw new RpcError(RPC_HANDLER_ERRORS[code] ?? "HandlerPanicked", "as asked");
    },
    panicNow({ message }) {
      throw new Error(message);
    },
    panicDirty({ n }) {
      state.counter = n;
      throw new Error("with the state changed");
    },
    setCounter({ n }) {
      const before = state.counter;
      state.counter = n;
      return before;
    },
    setName({ name }) {
      state.name = name;
    },
    setMany({ n, name, items }) {
      Object.assign(state, { counter: n, name, items });
    },
    pushItem({ n }) {
      state.items = [...state.items, n];
      return state.items.length;
    },
    setRest(rest) {
      Object.assign(state, rest);
    },
    touch() {
      state.counter = state.counter + 0;
    },
    flipFlop() {
      state.counter = (state.counter + 1) >>> 0;
      state.counter = (state.counter - 1) >>> 0;
    },
    twoWrites({ n }) {
      state.counter = n;
      connection.sync();
      state.counter = (n + 1) >>> 0;
      return n;
    },
    getCounter: () => state.counter,
    subscribeTo: ({ topic }) => subscriptions.add(topic),
    unsubscribeFrom: ({ topic }) => subscriptions.remove(topic),
    subscribeBytes: ({ topic }) => subscriptions.add(Topic.from(topic)),
    emit: ({ topic, n }) => emit(topic, n),
    emitBytes: ({ topic, payload }) => events.emitRaw(Topic.from(topic), payload),
    burst({ topic, count }) {
      for (let n = 0; n < count; n++) emit(topic, n);
    },
    changeAndEmit({ topic, n }) {
      state.counter = n;
      emit(topic, n);
      return n;
    },
    changeThenEmit({ topic, n }) {
      state.counter = n;
      emit(topic, n);
      return n;
    },
    subscribeAndEmit({ topic, n }) {
      subscriptions.add(topic);
      emit(topic, n);
    },
    topicLog: () => topics,
  };
};
