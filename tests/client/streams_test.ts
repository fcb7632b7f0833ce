import { interpret, readArchive, writeArchive } from "../../codec/archive.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { connect as connectInPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import { answering } from "../../client/answers.ts";
import { startCalls } from "../../client/calls.ts";
import { createEventHub } from "../../client/events.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { StartCalls } from "../../client/parts.ts";
import { makeCalls } from "../../client/client.ts";
import { UPLOADING } from "../../stream/open_outlet.ts";
import { mayWait } from "../../client/extras.ts";
import { openSession } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { decode, encode, type Schema } from "../../codec/mod.ts";
import {
  bool,
  bytes,
  type CallsOf,
  type ClientMethodsOf,
  type HandlersOf,
  type ItemStream,
  type MethodsOf,
  type ProtocolError,
  rpc,
  RpcError,
  service,
  stream,
  string,
  u32,
  unit,
} from "../../mod.ts";
import { timersOf } from "../../wire/clock.ts";
import { RPC_HANDLER_ERRORS } from "../../wire/errors.ts";
import { checkSize } from "../../wire/faults.ts";
import { DEFAULT_LIMITS, type Limits } from "../../wire/limits.ts";
import { fillInLimits } from "../../wire/option_kinds.ts";
import { unframeBy } from "../../wire/receiver.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { ITEM_COST_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { failsWith } from "../support/codes.ts";
import { until } from "../support/until.ts";

const Files = service({
  rpc: {
    get: rpc({}, u32),
    tail: rpc({ file: string }, stream(string)),
    blocks: rpc({}, stream(bytes)),
    upload: rpc({ name: string, parts: stream(bytes) }, u32),
    chat: rpc({ lines: stream(string) }, stream(string)),
  },
  client: { confirm: rpc({ text: string }, bool), reload: rpc() },
});
type Methods = MethodsOf<typeof Files>;
type ClientMethods = ClientMethodsOf<typeof Files>;

/** Either way to make calls: that of Deno, Bun and Node, and that of pages. */
const CORES: Readonly<Record<string, StartCalls>> = {
  "": startCalls(testDeflater),
  " in a page": startPageCalls,
};

interface Options {
  readonly whenFull?: "fail" | "wait";
  readonly limits?: Partial<Limits>;
  readonly extension?: 0 | 1;
  readonly client?: Partial<HandlersOf<ClientMethods>>;
  /** A page whose service has no methods of the client loads no code that answers. */
  readonly answers?: false;
  /** Whether what sends streams is loaded when it is needed, as in a page. */
  readonly loads?: true;
}

function setup(
  core: StartCalls,
  { whenFull = "fail", extension = 1, client, answers, loads, ...options }: Options = {},
) {
  const peer = new FakePeer();
  peer.extended = extension === 1;
  const clock = new FakeClock();
  const told: unknown[] = [];
  const limits = fillInLimits(options.limits, DEFAULT_LIMITS);
  const ignore = (): void => {};
  const counters = { ...NO_COUNTS };
  const session = openSession(peer, {
    startCalls: core,
    framing: { ...storedFraming, unframe: unframeBy(testDeflater) },
    codec: interpret,
    level: 6,
    limits,
    whenFull,
    mayWait: whenFull === "wait" ? mayWait(limits.maxBufferedBytes) : undefined,
    clock,
    ...timersOf(clock),
    onAbort,
    event: undefined,
    events: createEventHub<unknown>(limits, ignore, onAbort),
    state: mirrorState<unknown>([], { ...timersOf(clock), onAbort }, ignore),
    counters,
    report: (error) => told.push(error),
    openAnswers: answers === false ? undefined : answering(
      Files.clientMethods,
      client && { confirm() {}, reload() {}, ...client },
      {
        readArchive,
        writeArchive,
        codes: RPC_HANDLER_ERRORS,
        checkSize,
      },
    ),
  }, extension);
  peer.attach(session);
  const rpc: CallsOf<Methods> = makeCalls(
    Files.methods,
    (method, args, callOptions, streaming) =>
      session.calls.call(method, args, callOptions, streaming),
    loads ? undefined : UPLOADING,
  );
  return { told, clock, counters, peer, rpc, session, ...serverOf(peer) };
}

/** A server's messages to its client, in short form. */
function serverOf(peer: FakePeer) {
  const item = (id: number, text: string): void =>
    peer.archive((writer) => void writeServerItem(interpret, writer, id, string, text));
  const grant = (id: number, bytes: number): void =>
    peer.archive((writer) => writeServerGrant(writer, id, bytes));
  const confirm = (id: number, text: string): void =>
    peer.archive((writer) =>
      writeServerCall<unknown>(interpret, writer, id, Files.clientMethods[0]!.call, { text })
    );
  const cancel = (id: number): void => peer.archive((writer) => writeServerCancel(writer, id));
  const end = (id: number): void => peer.reply(id, unit as Schema<unknown>, undefined);
  return { item, grant, confirm, cancel, end };
}

/** A turn of the event loop, after which all pending work is done. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

const kinds = ({ said }: FakePeer): string => said.map(({ kind, id }) => `${kind} ${id}`).join();

const nextOf = async <T>(items: ItemStream<T>): Promise<T | "done"> => {
  const { done, value } = await items.next();
  return done ? "done" : value;
};

for (const [where, core] of Object.entries(CORES)) {
  const each = (name: string, run: () => Promise<void>): void => void test(name + where, run);

  each(
    "a cancelled call notifies the server, and its id is free with the late answer",
    async () => {
      const { peer, rpc, clock, session } = setup(core);
      const controller = new AbortController();
      const aborted = rpc.get({}, { signal: controller.signal });
      const late = rpc.get({}, { timeoutMs: 100 });
      controller.abort();
      await failsWith("Cancelled", aborted);
      await rest();
      assertEquals(kinds(peer), "Cancel 0");
      clock.advance(100);
      await failsWith("DeadlineExceeded", late);
      assertEquals(kinds(peer), "Cancel 0,Cancel 1");
      assertEquals(session.calls.pending, 2);
      peer.reply(0, u32, 5);
      peer.replyError(1, "HandlerPanicked");
      assertEquals(session.calls.pending, 0);
    },
  );

  each(
    "a client that has nothing to answer with says so at once, and ignores no unknown message",
    async () => {
      const { confirm, cancel, peer, session } = setup(core, { answers: false });
      confirm(7, "Sure?");
      cancel(7);
      await rest();
      assertEquals(peer.said.map(({ kind, id, what }) => `${kind} ${id} ${what}`), [
        "Failed 7 ClientDecodeError",
      ]);
      assertEquals(session.ending, undefined);
      const unknown = new Uint8Array(24);
      unknown[0] = 7;
      peer.archive((writer) => void writer.bytes.set(unknown, writer.reserve(24, 4)));
      await rest();
      assertEquals((session.ending?.[0] as ProtocolError).code, "BadMessage");
      assertEquals(peer.closedWith?.code, 4002);
    },
  );

  each("a session ends if its server answers none of the cancelled calls", async () => {
    for (const how of ["by a signal", "by their deadlines"]) {
      const { peer, rpc, clock, session } = setup(core, { limits: { callTimeoutMs: 1000 } });
      const controller = new AbortController();
      const options = how === "by a signal" ? { signal: controller.signal } : { timeoutMs: 500 };
      const calls = Array.from({ length: 256 }, () => rpc.get({}, options));
      const settled = Promise.allSettled(calls);
      await rest();
      if (how === "by a signal") controller.abort();
      else clock.advance(500);
      await settled;
      assertEquals(peer.said.length, 256);
      // The server is given time to answer them.
      await failsWith("TooManyCallsInFlight", rpc.get());
      clock.advance(900);
      peer.reply(9, u32, 5);
      clock.advance(900);
      assertEquals(session.ending, undefined, how);
      const last = rpc.tail({ file: "a" });
      await last.return();
      await rest();
      clock.advance(999);
      assertEquals([session.ending, session.calls.pending], [undefined, 256], how);
      clock.advance(1);
      assertEquals(peer.closedWith?.code, 1000, how);
      assertEquals(session.ending?.[2], false);
      await failsWith("ClientNotConnected", rpc.get());
      assertEquals(clock.pending, 0, how);
    }
  });

  each("a client whose last ids are cancelled waits for nothing when it ends", async () => {
    const { rpc, clock, session } = setup(core);
    const controller = new AbortController();
    const calls = Array.from({ length: 256 }, () => rpc.get({}, { signal: controller.signal }));
    controller.abort();
    await Promise.allSettled(calls);
    session.end(new Error("done"));
    assertEquals(clock.pending, 0);
  });

  each("a call that is cancelled while it waits for an id is never sent", async () => {
    const { peer, rpc } = setup(core, { whenFull: "wait" });
    const all = Array.from({ length: 256 }, () => rpc.get());
    const controller = new AbortController();
    const queued = rpc.get({}, { signal: controller.signal });
    const items = rpc.tail({ file: "a" });
    controller.abort();
    await failsWith("Cancelled", queued);
    await items.return();
    await rest();
    assertEquals([peer.requests.length, peer.said.length], [256, 0]);
    for (let id = 0; id < 256; id++) peer.reply(id, u32, id);
    assertEquals((await Promise.all(all)).length, 256);
    assertEquals(peer.requests.length, 256);
  });

  each("without the extension a server is not notified, and no call streams", async () => {
    const { peer, rpc, session } = setup(core, { extension: 0 });
    const controller = new AbortController();
    const aborted = rpc.get({}, { signal: controller.signal });
    controller.abort();
    await failsWith("Cancelled", aborted);
    const error = await failsWith("StreamsUnsupported", rpc.tail({ file: "a" }).next());
    assertEquals(error.retryable, false);
    let returned = 0;
    const parts = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 0 }),
        return: () => ({ done: true, value: returned++ }),
      }),
    };
    await failsWith("StreamsUnsupported", rpc.upload({ name: "a", parts: parts as never }));
    await rest();
    assertEquals([peer.requests.length, peer.said.length, returned], [1, 0, 1]);
    assertEquals(session.ending, undefined);
  });

  each("what is called in the turn of the session's end is sent before it closes", async () => {
    const { peer, rpc, session } = setup(core);
    const answer = rpc.get();
    session.end(new Error("done"));
    assertEquals([peer.requests.length, peer.closedWith?.code], [1, 1000]);
    await failsWith("ConnectionLost", answer);
  });

  each("the items of an output come in order, and then its end", async () => {
    const { peer, rpc, item, end, session } = setup(core);
    const items = rpc.tail({ file: "a.log" });
    await rest();
    assertEquals(peer.argsOf(0, Files.methods[1]!), { file: "a.log" });
    assertEquals(session.calls.streams?.size, 1);
    const first = items.next();
    item(0, "one");
    item(0, "two");
    assertEquals(await first, { done: false, value: "one" });
    assertEquals(await nextOf(items), "two");
    item(0, "three");
    end(0);
    assertEquals([session.calls.pending, session.calls.streams?.size], [0, 0]);
    await rest();
    assertEquals(await nextOf(items), "three");
    assertEquals([await nextOf(items), await nextOf(items)], ["done", "done"]);
    assertEquals(peer.said, []);
  });

  each("what the server fails by comes after the items before it, once", async () => {
    const { peer, rpc, item } = setup(core);
    const items = rpc.tail({ file: "a" });
    item(0, "one");
    peer.replyError(0, "HandlerPanicked");
    await rest();
    assertEquals(await nextOf(items), "one");
    await failsWith("HandlerPanicked", items.next());
    assertEquals(await nextOf(items), "done");
  });

  each(
    "a loop that is left tells the server, and late items and answers are harmless",
    async () => {
      const { counters, peer, rpc, item, end, grant, session } = setup(core);
      const items = rpc.tail({ file: "a" });
      item(0, "one");
      for await (const line of items) {
        assertEquals(line, "one");
        break;
      }
      assertEquals(kinds(peer), "Cancel 0");
      assertEquals([session.calls.pending, session.calls.streams?.size], [1, 0]);
      item(0, "late");
      grant(0, 5);
      end(0);
      assertEquals(session.calls.pending, 0);
      item(0, "for a stranger");
      grant(7, 5);
      end(0);
      assertEquals(counters.strayReplies, 1);
      assertEquals(session.ending, undefined);
    },
  );

  each("256 loops that are left at once keep the connection", async () => {
    const { peer, rpc, end, session } = setup(core);
    const all = Array.from({ length: 256 }, () => rpc.tail({ file: "a" }));
    for (const items of all) await items.return();
    assertEquals(peer.said.length, 256);
    await failsWith("TooManyCallsInFlight", rpc.get());
    for (let id = 0; id < 256; id++) end(id);
    assertEquals([session.ending, session.calls.pending], [undefined, 0]);
    void rpc.get().catch(() => {});
    await rest();
    assertEquals(peer.requests.length, 257);
  });

  each("a reader has room for a window, and grants what it has taken", async () => {
    const { peer, rpc, session } = setup(core);
    const items = rpc.blocks();
    const size = 65_536;
    const sent = new Uint8Array(size);
    const block = (): void =>
      peer.archive((writer) => void writeServerItem(interpret, writer, 0, bytes, sent));
    const cost = encode(bytes, sent).length + ITEM_COST_BYTES;
    for (let used = 0; used < STREAM_WINDOW_BYTES; used += cost) block();
    assertEquals(peer.said, []);
    await items.next();
    await items.next();
    const grant = { kind: "Grant", id: 0, what: cost };
    assertEquals(peer.said, [grant, grant]);
    for (let used = 0; used < 2 * cost; used += cost) block();
    assertEquals(session.ending, undefined);
    block();
    assertEquals(peer.closedWith?.code, 4002);
    // Earlier items are read first, then the reason of the end.
    let count = 0;
    const error = await assertRejects(async () => {
      for await (const _ of items) count++;
    }, RpcError);
    assertEquals([error.code, count], ["ConnectionLost", 4]);
  });

  each("an item that does not decode ends its stream, and nothing else", async () => {
    const { peer, rpc, session, end } = setup(core);
    const items = rpc.tail({ file: "a" });
    peer.archive((writer) => void writeServerItem(interpret, writer, 0, u32, 5));
    const error = await failsWith("ClientDecodeError", items.next());
    assert(error.message.startsWith("Cannot call tail: an item"), error.message);
    assertEquals([kinds(peer), session.ending], ["Cancel 0", undefined]);
    assertEquals(await nextOf(items), "done");
    end(0);
  });

  each("items of an argument go after their call, as far as there is room", async () => {
    const { peer, rpc, grant } = setup(core);
    let pulled = 0;
    const part = new Uint8Array(1000);
    const cost = encode(bytes, part).length + ITEM_COST_BYTES;
    const parts = function* () {
      for (; pulled < 1000; pulled++) yield part;
    };
    const answer = rpc.upload({ name: "a", parts: parts() });
    assertEquals(peer.said.length, 0);
    await rest();
    assertEquals(peer.requests.length, 1);
    const room = Math.ceil(STREAM_WINDOW_BYTES / cost);
    assertEquals([peer.said.length, pulled], [room, room - 1]);
    assertEquals(decode(bytes, peer.said[0]!.what as Uint8Array), part);
    grant(0, 10 * cost);
    await rest();
    assertEquals(peer.said.length, room + 10);
    // The answer may arrive before the end.
    peer.reply(0, u32, 7);
    assertEquals(await answer, 7);
    await rest();
    grant(0, 10 * cost);
    await rest();
    assertEquals(peer.said.length, room + 10);
  });

  each("few items go ahead of the reader while other calls are in flight", async () => {
    const { clock, peer, rpc } = setup(core);
    let pulled = 0;
    const part = new Uint8Array(1000);
    const cost = encode(bytes, part).length + ITEM_COST_BYTES;
    const parts = function* () {
      for (; pulled < 10_000; pulled++) yield part;
    };
    const other = rpc.get();
    const answer = rpc.upload({ name: "a", parts: parts() });
    await rest();
    const few = Math.ceil(8192 / cost);
    assertEquals([peer.requests.length, peer.said.length], [2, few]);
    // A reader that is far, or slow, gets the window.
    clock.advance(10);
    await rest();
    const room = Math.ceil(STREAM_WINDOW_BYTES / cost);
    assertEquals(peer.said.length, room);
    peer.reply(1, u32, 7);
    peer.reply(0, u32, 7);
    assertEquals([await other, await answer], [7, 7]);
    // A second after the last of them, a stream alone has the window again.
    const before = peer.said.length;
    void rpc.upload({ name: "b", parts: parts() }).catch(() => {});
    await rest();
    assertEquals(peer.said.length, before + few);
    clock.advance(1000);
    await rest();
    peer.said.length = 0;
    void rpc.upload({ name: "c", parts: parts() }).catch(() => {});
    await rest();
    assertEquals(peer.said.length, room);
  });

  each("sources wait while much waits to be sent, and calls do not", async () => {
    const { clock, peer, rpc, session } = setup(core, { limits: { maxBufferedBytes: 1 << 20 } });
    const answers = Array.from(
      { length: 20 },
      () =>
        rpc.upload({ name: "a", parts: Array.from({ length: 200 }, () => new Uint8Array(1000)) }),
    );
    const items = (): number => peer.said.filter(({ kind }) => kind === "Item").length;
    peer.bufferedAmount = 100_000;
    await rest();
    clock.advance(5);
    await rest();
    // Also the first items.
    assertEquals(items(), 0);
    void rpc.get().catch(() => {});
    await Promise.resolve();
    assertEquals(peer.requests.length, 21);
    clock.advance(5);
    await rest();
    assertEquals(items(), 0);
    peer.bufferedAmount = 0;
    // They go on, and the server is found to be slow.
    for (let i = 0; i < 9; i++) {
      clock.advance(5);
      await rest();
    }
    assertEquals(items(), 20 * 200);
    for (let id = 0; id < 20; id++) peer.reply(id, u32, id);
    assertEquals((await Promise.all(answers)).length, 20);
    session.end(new Error("over"));
    assertEquals(clock.pending, 0);
  });

  each("sources that wait time and again all go on", async () => {
    const { clock, peer, rpc } = setup(core, { limits: { maxBufferedBytes: 1 << 20 } });
    let asked = 0;
    // Every third check finds room, by any caller.
    Object.defineProperty(peer, "bufferedAmount", { get: () => asked++ % 3 === 0 ? 0 : 100_000 });
    for (let i = 0; i < 20; i++) {
      void rpc.upload({
        name: "a",
        parts: Array.from({ length: 200 }, () => new Uint8Array(1000)),
      }).catch(() => {});
    }
    const ends = (): number => peer.said.filter(({ kind }) => kind === "End").length;
    for (let i = 0; ends() < 20; i++) {
      assert(i < 10_000, `${ends()} of 20 have ended`);
      await rest();
      clock.advance(5);
    }
  });

  each("no timer is left when sources that wait are let go", async () => {
    const { clock, peer, rpc, session } = setup(core, { limits: { maxBufferedBytes: 1 << 20 } });
    peer.bufferedAmount = 100_000;
    const parts = Array.from({ length: 200 }, () => new Uint8Array(1000));
    const answer = rpc.upload({ name: "a", parts });
    await rest();
    session.end(new Error("over"));
    await failsWith("ConnectionLost", answer);
    assertEquals(clock.pending, 0);
  });

  each("the end of an argument is sent, and the answer awaited", async () => {
    const { peer, rpc, session } = setup(core);
    const answer = rpc.upload({ name: "a", parts: [Uint8Array.of(1), Uint8Array.of(2)] });
    await rest();
    assertEquals(peer.said.map(({ kind, what }) => kind === "End" ? what : kind), [
      "Item",
      "Item",
      false,
    ]);
    peer.reply(0, u32, 2);
    assertEquals(await answer, 2);
    assertEquals([session.calls.pending, session.calls.streams?.size], [0, 0]);
  });

  each(
    "a source that throws fails its call with its error, and the server is notified",
    async () => {
      const { peer, rpc, session } = setup(core);
      const bug = new Error("disk gone");
      const parts = async function* () {
        yield await Promise.resolve(Uint8Array.of(1));
        throw bug;
      };
      const error = await failsWith("Cancelled", rpc.upload({ name: "a", parts: parts() }));
      assertEquals([error.cause, error.message], [bug, "Cannot call upload: parts: disk gone"]);
      assertEquals(peer.said.map(({ kind, what }) => kind === "End" ? what : kind), [
        "Item",
        true,
        "Cancel",
      ]);
      peer.reply(0, u32, 1);
      assertEquals(session.calls.pending, 0);
    },
  );

  each(
    "an item of the wrong type fails its call by its path, and its source is let go",
    async () => {
      const { peer, rpc, session } = setup(core);
      let returned = 0;
      const parts = function* () {
        try {
          yield Uint8Array.of(1);
          yield "no bytes" as never;
        } finally {
          returned++;
        }
      };
      const error = await failsWith("ClientEncodeError", rpc.upload({ name: "a", parts: parts() }));
      assert(/^Cannot call upload: parts: /.test(error.message), error.message);
      assertEquals([kinds(peer), returned], ["Item 0,End 0,Cancel 0", 1]);
      assertEquals(session.ending, undefined);
    },
  );

  each("an item that is larger than messages may be fails its call", async () => {
    const { rpc, session } = setup(core, { limits: { maxInflatedBytes: 2000 } });
    const parts = [new Uint8Array(1000), new Uint8Array(3000)];
    await failsWith("ClientEncodeError", rpc.upload({ name: "a", parts }));
    assertEquals(session.ending, undefined);
  });

  each("an argument that is no source is refused at once, and nothing is sent", async () => {
    const { peer, rpc } = setup(core);
    for (const parts of [5, "text", undefined, {}, null]) {
      const error = await failsWith(
        "ClientEncodeError",
        rpc.upload({ name: "a", parts: parts as never }),
      );
      assertInstanceOf(error.cause, TypeError);
    }
    const items = rpc.chat({ lines: 5 as never });
    await failsWith("ClientEncodeError", items.next());
    assertEquals([peer.requests.length, peer.said.length], [0, 0]);
  });

  each("both ways at once: the source is let go when the reader leaves", async () => {
    const { peer, rpc, item } = setup(core);
    let returned = 0;
    const lines = async function* () {
      try {
        yield "hello";
        await new Promise<void>(() => {});
      } finally {
        returned++;
      }
    };
    const source = lines();
    const original = source.return.bind(source);
    source.return = (value) => {
      returned++;
      return original(value);
    };
    const items = rpc.chat({ lines: source });
    // Its turn may be over, on a busy machine.
    await until(() => peer.said.length > 0);
    assertEquals(kinds(peer), "Item 0");
    item(0, "you said hello");
    assertEquals(await nextOf(items), "you said hello");
    await items.return();
    await rest();
    assertEquals([kinds(peer), returned], ["Item 0,Cancel 0", 1]);
  });

  each("a call that has sent items of its argument is not to be repeated", async () => {
    const { peer, rpc } = setup(core);
    const calls = [
      rpc.upload({ name: "a", parts: [Uint8Array.of(1)] }),
      rpc.upload({ name: "a", parts: [] }),
      rpc.tail({ file: "a" }).next(),
    ];
    await rest();
    for (const id of calls.keys()) peer.replyError(id, "TooManyCallsInFlight");
    const errors = calls.map((call) => call.then(() => {}, (error: RpcError) => error));
    assertEquals(
      (await Promise.all(errors)).map((error) => `${error?.code} ${error?.retryable}`),
      [false, true, true].map((retryable) => `TooManyCallsInFlight ${retryable}`),
    );
  });

  each("more room than a stream can have breaks the protocol", async () => {
    const { peer, rpc, grant } = setup(core);
    const answer = rpc.upload({ name: "a", parts: [] });
    grant(0, 0);
    assertEquals(peer.closedWith, undefined);
    grant(0, 1);
    await failsWith("ConnectionLost", answer);
    assertEquals(peer.closedWith?.code, 4002);
  });

  each("a signal and a deadline are for all of a stream; there is no other", async () => {
    const { clock, peer, rpc, item } = setup(core, { limits: { callTimeoutMs: 50 } });
    const controller = new AbortController();
    const forEver = rpc.tail({ file: "a" });
    const aborted = rpc.tail({ file: "b" }, { signal: controller.signal });
    const timed = rpc.tail({ file: "c" }, { timeoutMs: 1000 });
    await rest();
    clock.advance(999);
    for (const id of [0, 1, 2]) item(id, "line");
    assertEquals(await nextOf(timed), "line");
    clock.advance(2);
    await failsWith("DeadlineExceeded", timed.next());
    controller.abort(new Error("enough"));
    await rest();
    await failsWith("Cancelled", aborted.next());
    assertEquals(await nextOf(forEver), "line");
    assertEquals(kinds(peer), "Cancel 2,Cancel 1");
    await forEver.return();
  });

  each("the end of the connection ends every stream, after what had come", async () => {
    const { peer, rpc, item, session } = setup(core);
    let returned = 0;
    const parts = async function* () {
      try {
        yield await Promise.resolve(Uint8Array.of(1));
        await new Promise<void>((resolve) => setTimeout(resolve, 5));
        yield Uint8Array.of(2);
      } finally {
        returned++;
      }
    };
    const upload = rpc.upload({ name: "a", parts: parts() });
    const waiting = rpc.tail({ file: "a" });
    const reading = rpc.tail({ file: "b" });
    await rest();
    item(2, "last words");
    const next = waiting.next();
    peer.end();
    await failsWith("ConnectionLost", upload);
    await failsWith("ConnectionLost", next);
    assertEquals(await nextOf(reading), "last words");
    await failsWith("ConnectionLost", reading.next());
    await failsWith("ClientNotConnected", rpc.tail({ file: "c" }).next());
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals([returned, session.calls.pending, session.calls.streams?.size], [1, 0, 0]);
  });

  each("a stream is read as a ReadableStream instead, and not twice", async () => {
    const { peer, rpc, item } = setup(core);
    const items = rpc.tail({ file: "a" });
    const reader = items.readable.getReader();
    item(0, "one");
    assertEquals(await reader.read(), { done: false, value: "one" });
    const again = async (): Promise<string> =>
      (await assertRejects(async () => {
        for await (const _ of items);
      }, TypeError)).message;
    assertEquals(await again(), "Cannot read a stream twice: it is being read");
    await reader.cancel();
    assertEquals(kinds(peer), "Cancel 0");
    assertEquals(await again(), "Cannot read a stream twice: it was read");
  });

  each("a stream that has been read says so when it is read again", async () => {
    const { rpc, item, end } = setup(core);
    const items = rpc.tail({ file: "a" });
    item(0, "one");
    end(0);
    const reading = items[Symbol.asyncIterator]();
    const again = (): string => assertThrows(() => items.readable, TypeError).message;
    assertEquals(again(), "Cannot read a stream twice: it is being read");
    await reading.next();
    await reading.next();
    assertEquals(again(), "Cannot read a stream twice: it was read");
  });

  each("a call by the server is answered by its handler", async () => {
    const { told, peer, confirm, session } = setup(core, {
      client: { confirm: ({ text }) => Promise.resolve(text === "Sure?") },
    });
    confirm(9, "Sure?");
    confirm(10, "No?");
    await rest();
    assertEquals(
      peer.said.map(({ kind, id, what }) => [kind, id, decode(bool, what as Uint8Array)]),
      [
        ["Reply", 9, true],
        ["Reply", 10, false],
      ],
    );
    assertEquals([told, session.ending], [[], undefined]);
  });

  const bug = new Error("bug");
  const FAILING:
    readonly (readonly [what: string, confirm: () => unknown, code: string, isTold: boolean])[] = [
      [
        "throws",
        () => {
          throw bug;
        },
        "HandlerPanicked",
        true,
      ],
      ["rejects", () => Promise.reject(bug), "HandlerPanicked", true],
      [
        "throws an RpcError",
        () => {
          throw new RpcError("TooManyCallsInFlight", "busy");
        },
        "TooManyCallsInFlight",
        false,
      ],
      [
        "throws an RpcError that cannot travel",
        () => {
          throw new RpcError("ConnectionLost", "");
        },
        "HandlerPanicked",
        true,
      ],
      ["answers an invalid output", () => "yes", "ClientEncodeError", true],
    ];
  for (const [what, handler, code, isTold] of FAILING) {
    each(`a handler of the client that ${what} fails the server's call with ${code}`, async () => {
      const { told, peer, confirm } = setup(core, {
        client: { confirm: handler as () => boolean },
      });
      confirm(0, "Sure?");
      await rest();
      assertEquals(peer.said, [{ kind: "Failed", id: 0, what: code }]);
      assertEquals(told.length, isTold ? 1 : 0);
    });
  }

  each("a call by the server that nothing answers fails, and the connection lives", async () => {
    const { peer, confirm, session } = setup(core);
    confirm(3, "Sure?");
    // An unknown method, and an invalid call.
    peer.archive((writer) =>
      void writeServerCall(interpret, writer, 4, u32 as Schema<unknown>, 77)
    );
    peer.archive((writer) =>
      void writeServerCall(interpret, writer, 5, bytes as Schema<unknown>, new Uint8Array())
    );
    await rest();
    assertEquals(peer.said.map(({ kind, id, what }) => `${kind} ${id} ${what}`), [
      "Failed 3 ClientDecodeError",
      "Failed 4 ClientDecodeError",
      "Failed 5 ClientDecodeError",
    ]);
    assertEquals(session.ending, undefined);
  });

  each(
    "a call by the server that is cancelled, or whose connection ends, aborts its handler's signal",
    async () => {
      const signals: AbortSignal[] = [];
      const waiting: (() => void)[] = [];
      const { peer, confirm, cancel } = setup(core, {
        client: {
          confirm: (_, context) => {
            signals.push(context.signal);
            return new Promise<boolean>((resolve) => waiting.push(() => resolve(true)));
          },
        },
      });
      confirm(0, "a");
      confirm(1, "b");
      cancel(0);
      cancel(0);
      cancel(77);
      assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
      // Its answer still arrives, and frees the id.
      waiting[0]!();
      await rest();
      assertEquals(kinds(peer), "Reply 0");
      peer.end();
      assertEquals(signals.map(({ aborted }) => aborted), [true, true]);
      waiting[1]!();
      await rest();
      assertEquals(kinds(peer), "Reply 0");
    },
  );

  each("a second call by the server with a taken id breaks the protocol", async () => {
    const { peer, confirm } = setup(core, {
      client: { confirm: () => new Promise<boolean>(() => {}) },
    });
    confirm(0, "a");
    confirm(0, "b");
    await rest();
    assertEquals(peer.closedWith?.code, 4002);
  });

  each("a message that the extension does not have breaks the protocol", async () => {
    const { peer } = setup(core);
    peer.archive((writer) => {
      writeServerCancel(writer, 0);
      writer.bytes[writer.position - 24] = 9;
    });
    await rest();
    assertEquals(peer.closedWith?.code, 4002);
  });
}

const REFUSED: readonly (readonly [what: string, client: object, told: string])[] = [
  ["a method less", { confirm() {} }, '"client" has no method reload'],
  ["a method that is none", { confirm() {}, reload: 5 }, '"client" has no method reload'],
  [
    "a method more",
    { confirm() {}, reload() {}, conform() {} },
    "of conform: methods of the client are confirm, reload",
  ],
];
for (const [what, client, told] of REFUSED) {
  test(`connect() refuses handlers of the client with ${what}, in a page too`, async () => {
    for (const dial of [connect, connectInPage]) {
      const { message } = await assertRejects(
        () => dial(Files, "ws://127.0.0.1:1", { client: client as never, reconnect: false }),
        TypeError,
      );
      assert(message.includes(told), message);
    }
  });
}

test("connect() refuses handlers where the service has no methods of the client", async () => {
  const plain = service({ rpc: { get: rpc() } });
  for (const dial of [connect, connectInPage]) {
    await assertRejects(
      () => dial(plain, "ws://127.0.0.1:1", { client: { confirm() {} } as never }),
      TypeError,
      "Cannot answer calls of confirm: methods of the client are none",
    );
  }
});

test("a page loads what sends an argument when it first has one to send", async () => {
  const { peer, rpc, item, session } = setup(startPageCalls, { loads: true });
  const upload = rpc.upload({ name: "a", parts: [Uint8Array.of(1), Uint8Array.of(2)] });
  const tail = rpc.tail({ file: "a" });
  await until(() => peer.said.length === 3);
  assertEquals(kinds(peer), "Item 1,Item 1,End 1");
  item(0, "one");
  assertEquals(await nextOf(tail), "one");
  peer.reply(1, u32 as Schema<unknown>, 3);
  assertEquals(await upload, 3);
  await failsWith("ClientEncodeError", rpc.upload({ name: "a", parts: 7 as never }));
  assertEquals([session.calls.pending, session.calls.streams?.size], [1, 1]);
});

for (const leaves of ["its reader leaves", "its signal aborts", "its connection ends"]) {
  test(`a page makes no call when ${leaves} before what sends its argument is loaded`, async () => {
    const { peer, rpc, session } = setup(startPageCalls, { loads: true });
    const controller = new AbortController();
    let released = 0;
    const lines = new ReadableStream<string>({ cancel: () => void released++ });
    const items = rpc.chat({ lines }, { signal: controller.signal });
    const next = items.next();
    if (leaves === "its reader leaves") await items.return();
    else if (leaves === "its signal aborts") controller.abort();
    else peer.end();
    if (leaves === "its reader leaves") assertEquals((await next).done, true);
    else {
      await failsWith(
        leaves === "its signal aborts" ? "Cancelled" : "ClientNotConnected",
        next,
      );
    }
    for (let i = 0; i < 5; i++) await rest();
    assertEquals([kinds(peer), session.calls.pending, released], ["", 0, 1]);
  });
}
