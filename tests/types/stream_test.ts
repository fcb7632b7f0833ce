/**
 * Code with streams, and with calls to the client, that must and must not compile. `deno check` is the test: an expectation that is
 * not met is an error there.
 */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  bool,
  bytes,
  type CallContext,
  type Calls,
  type CallsOf,
  type ClientMethodsOf,
  type Handlers,
  type HandlersOf,
  type ItemStream,
  type MethodsOf,
  rpc,
  type Service,
  service,
  type Stream,
  stream,
  type StreamSource,
  string,
  u32,
  u64,
  vec,
} from "../../mod.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function isTrue<_T extends true>(): void {}

const inferred = service({
  rpc: {
    ping: rpc({}, u32),
    tail: rpc({ file: string }, stream(string)),
    all: rpc({}, stream(vec(u32))),
    upload: rpc({ name: string, parts: stream(bytes) }, u64),
    note: rpc({ lines: stream(string) }),
    chat: rpc({ lines: stream(string) }, stream(string)),
  },
  client: { confirm: rpc({ text: string }, bool), reload: rpc() },
});

interface Methods {
  ping(): number;
  tail(args: { file: string }): Stream<string>;
  all(): Stream<number[]>;
  upload(args: { name: string; parts: Stream<Uint8Array> }): bigint;
  note(args: { lines: Stream<string> }): void;
  chat(args: { lines: Stream<string> }): Stream<string>;
}
interface ClientMethods {
  confirm(args: { text: string }): boolean;
  reload(): void;
}
// deno-lint-ignore ban-types
type State = {};

// Written out, it is the same service.
const written: Service<Methods, State, never, ClientMethods> = inferred;

interface WithOtherItems extends Omit<Methods, "tail"> {
  tail(args: { file: string }): Stream<number>;
}
interface WithoutStream extends Omit<Methods, "tail"> {
  tail(args: { file: string }): string;
}
interface WithOtherInput extends Omit<Methods, "note"> {
  note(args: { lines: Stream<number> }): void;
}
interface WithOtherClient extends Omit<ClientMethods, "confirm"> {
  confirm(args: { text: string }): number;
}

// @ts-expect-error The items differ.
export const a: Service<WithOtherItems, State, never, ClientMethods> = inferred;
// @ts-expect-error The output is a stream.
export const b: Service<WithoutStream, State, never, ClientMethods> = inferred;
// @ts-expect-error The items of the argument differ.
export const c: Service<WithOtherInput, State, never, ClientMethods> = inferred;
// @ts-expect-error It has methods of the client.
export const d: Service<Methods, State, never> = inferred;
// @ts-expect-error The output of a method of the client differs.
export const e: Service<Methods, State, never, WithOtherClient> = inferred;
// @ts-expect-error A stream is no field of the state.
export const f = service({ rpc: { ping: rpc() }, state: { lines: stream(string) } });
// @ts-expect-error A stream is no event.
export const g = service({ rpc: { ping: rpc() }, event: stream(string) });
// @ts-expect-error A stream is not inside of a type.
export const h = rpc({}, vec(stream(string)));
// @ts-expect-error Nor is it one of one.
export const i = stream(stream(string));
// @ts-expect-error A method of the client does not stream.
export const j = service({ rpc: { ping: rpc() }, client: { lines: rpc({}, stream(string)) } });
export const k = service({
  rpc: { ping: rpc() },
  // @ts-expect-error Nor is it given a stream.
  client: { lines: rpc({ lines: stream(string) }) },
});

test("the types of streams are those of their functions", () => {
  isTrue<Equal<ReturnType<MethodsOf<typeof inferred>["tail"]>, Stream<string>>>();
  isTrue<Equal<MethodsOf<typeof written>, Methods>>();
  isTrue<Equal<ClientMethodsOf<typeof written>, ClientMethods>>();
  isTrue<Equal<ReturnType<ClientMethodsOf<typeof inferred>["confirm"]>, boolean>>();
  assertEquals(written.methods.length, 6);
});

test("a caller gives any source, and is given the items at once", () => {
  type Given = Parameters<Calls<typeof inferred>["upload"]>[0];
  isTrue<Equal<Given["parts"], StreamSource<Uint8Array>>>();
  isTrue<Equal<Given["name"], string>>();
  isTrue<Equal<ReturnType<CallsOf<Methods>["tail"]>, ItemStream<string>>>();
  isTrue<Equal<ReturnType<CallsOf<Methods>["all"]>, ItemStream<number[]>>>();
  isTrue<Equal<ReturnType<CallsOf<Methods>["upload"]>, Promise<bigint>>>();
  isTrue<Equal<ReturnType<CallsOf<Methods>["note"]>, Promise<void>>>();
  isTrue<Equal<ReturnType<CallsOf<ClientMethods>["confirm"]>, Promise<boolean>>>();
  const use = async (calls: Calls<typeof inferred>): Promise<void> => {
    for await (const line of calls.tail({ file: "a" })) isTrue<Equal<typeof line, string>>();
    for await (const line of calls.chat({ lines: ["a"] }, { timeoutMs: 5 })) line.at(0);
    await using lines = calls.tail({ file: "a" });
    lines.readable.getReader().releaseLock();
    await calls.upload({ name: "a", parts: [Uint8Array.of(1)] });
    await calls.note({ lines: new ReadableStream<string>() });
    await calls.note({ lines: new Set(["a"]).values() });
    // @ts-expect-error The items are no texts.
    await calls.note({ lines: [5] });
    // @ts-expect-error It is no source.
    await calls.note({ lines: 5 });
    // @ts-expect-error The stream is missing.
    await calls.note({});
    // @ts-expect-error Items are no promise.
    calls.tail({ file: "a" }).then;
  };
  assertEquals(typeof use, "function");
});

test("a handler gets the items, answers by any source, and is notified of cancellation", () => {
  const handlers: Handlers<typeof inferred> = {
    ping(args, { signal }) {
      isTrue<Equal<typeof args, Record<string, never>>>();
      isTrue<Equal<typeof signal, AbortSignal>>();
      return 5;
    },
    async *tail({ file }, { signal }) {
      while (!signal.aborted) yield await Promise.resolve(file);
    },
    all: () => [[1]],
    async upload({ name, parts }) {
      isTrue<Equal<typeof parts, ItemStream<Uint8Array>>>();
      let length = name.length;
      for await (const part of parts) length += part.length;
      return BigInt(length);
    },
    note() {},
    chat: ({ lines }) => lines,
  };
  const written: HandlersOf<Methods> = { ...handlers, chat: ({ lines }) => lines.readable };
  const later: HandlersOf<Methods> = { ...handlers, all: () => Promise.resolve([[1]]) };
  // @ts-expect-error The items are numbers.
  const wrong: HandlersOf<Methods> = { ...handlers, all: () => ["a"] };
  // @ts-expect-error It is no source.
  const none: HandlersOf<Methods> = { ...handlers, all: () => 5 };
  const client: HandlersOf<ClientMethods> = {
    confirm: ({ text }, context: CallContext) => text === "" && context.signal.aborted,
    reload() {},
  };
  assertEquals(
    [written, later, wrong, none].map(({ all }) => typeof all).join(),
    "function,function,function,function",
  );
  assertEquals(Object.keys(client), ["confirm", "reload"]);
});
