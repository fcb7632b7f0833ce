/**
 * Code that must and must not compile. `deno check` is the test: it reports an unmet expectation as an error.
 */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { option, string, u32, u64, variants, vec } from "../../codec/mod.ts";
import {
  type Calls,
  type EventOf,
  type Handlers,
  type MethodsOf,
  rpc,
  type Service,
  service,
  type StateOf,
} from "../../service/mod.ts";
import { type Topic, topic } from "../../wire/topic.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function isTrue<_T extends true>(): void {}

const Changed = variants({ incremented: { to: u32, from: u32 }, quiet: null });
const inferred = service({
  rpc: {
    newCounter: rpc(),
    increment: rpc({ amount: u32 }),
    get: rpc({}, u32),
    find: rpc({ name: option(string), id: u64 }, vec(string)),
  },
  state: { counter: u32, topic },
  event: Changed,
});

interface Methods {
  newCounter(): void;
  increment(args: { amount: number }): void;
  get(): number;
  find(args: { name: string | null; id: bigint }): string[];
}
interface State {
  counter: number;
  topic: Topic;
}
type Event = { type: "incremented"; to: number; from: number } | { type: "quiet" };

// Written out, it is the same service.
const written: Service<Methods, State, Event> = inferred;

interface WithoutArgument extends Omit<Methods, "increment"> {
  // deno-lint-ignore ban-types
  increment(args: {}): void;
}
interface WithMoreArguments extends Omit<Methods, "increment"> {
  increment(args: { amount: number; by: number }): void;
}
interface WithOtherOutput extends Omit<Methods, "get"> {
  get(): number | string;
}
interface WithMoreMethods extends Methods {
  more(): void;
}

// @ts-expect-error An argument is missing.
export const a: Service<WithoutArgument, State, Event> = inferred;
// @ts-expect-error There is an argument too many.
export const b: Service<WithMoreArguments, State, Event> = inferred;
// @ts-expect-error The output differs.
export const c: Service<WithOtherOutput, State, Event> = inferred;
// @ts-expect-error There is a method too many.
export const d: Service<WithMoreMethods, State, Event> = inferred;
// @ts-expect-error A method is missing.
export const e: Service<Omit<Methods, "get">, State, Event> = inferred;
// @ts-expect-error A state field is missing.
export const f: Service<Methods, Omit<State, "topic">, Event> = inferred;
// @ts-expect-error A variant is missing.
export const g: Service<Methods, State, { type: "quiet" }> = inferred;

test("the types of a service are those of its functions", () => {
  isTrue<Equal<StateOf<typeof inferred>["counter"], number>>();
  isTrue<Equal<EventOf<typeof written>, Event>>();
  isTrue<Equal<MethodsOf<typeof written>, Methods>>();
  isTrue<
    Equal<
      Parameters<MethodsOf<typeof inferred>["find"]>,
      [args: { name: string | null; id: bigint }]
    >
  >();
  assertEquals(written, inferred as unknown as typeof written);
});

test("handlers may answer at once or later", () => {
  const handlers: Handlers<typeof inferred> = {
    newCounter: async () => await undefined,
    increment({ amount }) {
      isTrue<Equal<typeof amount, number>>();
    },
    get: () => 5,
    find: ({ name, id }) => Promise.resolve([`${name}${id}`]),
  };
  const wrong: Handlers<typeof inferred> = {
    ...handlers,
    // @ts-expect-error The output is a number.
    get: () => "5",
  };
  // @ts-expect-error Methods are missing.
  const missing: Handlers<typeof inferred> = { newCounter() {} };
  assertEquals([typeof wrong.get, typeof missing.newCounter], ["function", "function"]);
});

test("callers take one object, and options", () => {
  const calls: Calls<typeof inferred> = {
    newCounter: () => Promise.resolve(),
    increment: () => Promise.resolve(),
    get: () => Promise.resolve(1),
    find: () => Promise.resolve([]),
  };
  const made = [
    calls.newCounter(),
    calls.newCounter({}, { timeoutMs: 5 }),
    calls.increment({ amount: 1 }),
    calls.find({ name: null, id: 5n }, { signal: AbortSignal.abort() }),
    // @ts-expect-error The argument is missing.
    calls.increment(),
    // @ts-expect-error The argument is no string.
    calls.increment({ amount: "1" }),
    // @ts-expect-error It takes no arguments.
    calls.get({ amount: 1 }),
  ];
  isTrue<Equal<ReturnType<typeof calls.get>, Promise<number>>>();
  assertEquals(made.length, 7);
});
