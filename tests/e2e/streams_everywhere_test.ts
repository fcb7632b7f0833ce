import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { RpcError } from "../../mod.ts";
import { ITEM_COST_BYTES, MAX_WINDOW_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { deferred } from "../support/deferred.ts";
import { type FilesPair, REACHES } from "../support/stream_service.ts";
import { until } from "../support/until.ts";
import { failsWith } from "../support/codes.ts";

/** Who waits for a stream that stops waits without an end. */
const PATIENT = { timeout: 45_000 };

/** Before that: it says what was waited for. */
const soon = (holds: () => boolean): Promise<void> => until(holds, 20_000);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

/** Nothing is left of any call. */
async function comesToRest({ client, stats }: FilesPair): Promise<void> {
  await soon(() => stats().callsInFlight === 0 && client.stats().callsPending === 0);
  assertEquals(client.stats().streamsOpen, 0);
}

for (const [where, reach] of Object.entries(REACHES)) {
  test(`a log is read line by line, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { rpc } = pair.client;
    assertEquals(await all(rpc.lines({ count: 3 })), ["line 0", "line 1", "line 2"]);
    assertEquals(await all(rpc.lines({ count: 0 })), []);
    let count = 0;
    for await (const line of rpc.lines({ count: 20_000 })) assertEquals(line, `line ${count++}`);
    assertEquals(count, 20_000);
    assertEquals(pair.happened.returned, 3);
    await comesToRest(pair);
  });

  test(`a loop that is left has the source's finally run, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    for await (const line of rpc.lines({ count: 1_000_000 })) if (line === "line 5") break;
    await soon(() => happened.returned === 1);
    assert(happened.pulled < 10_000, `${happened.pulled} were pulled`);
    {
      await using part = rpc.endless({ bytes: 10 });
      await part.next();
    }
    await soon(() => happened.returned === 2 && happened.aborted === 1);
    const reader = rpc.endless({ bytes: 10 }).readable.getReader();
    await reader.read();
    await reader.cancel();
    await soon(() => happened.returned === 3 && happened.aborted === 2);
    await comesToRest(pair);
    assertEquals(await rpc.ping(), 7);
  });

  test(`an upload comes whole from any source, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { rpc } = pair.client;
    const part = crypto.getRandomValues(new Uint8Array(10_000));
    const parts = async function* () {
      for (let i = 0; i < 300; i++) yield await Promise.resolve(part);
    };
    assertEquals(await rpc.upload({ name: "a", parts: parts() }), 3_000_000);
    assertEquals(await rpc.upload({ name: "a", parts: [part, part] }), 20_000);
    assertEquals(await rpc.upload({ name: "a", parts: [] }), 0);
    const readable = new Blob([part, part]).stream() as ReadableStream<Uint8Array>;
    assertEquals(await rpc.upload({ name: "a", parts: readable }), 20_000);
    await comesToRest(pair);
  });

  test(
    `a handler that has read enough answers, and the source is closed, ${where}`,
    PATIENT,
    async () => {
      await using pair = await reach();
      let pulled = 0;
      let returned = 0;
      const parts = async function* () {
        try {
          for (;; pulled++) yield await Promise.resolve(new Uint8Array(1000));
        } finally {
          returned++;
        }
      };
      assertEquals(await pair.client.rpc.first({ parts: parts() }), 1000);
      await soon(() => returned === 1);
      assert(pulled <= STREAM_WINDOW_BYTES / 1000);
      await comesToRest(pair);
    },
  );

  test(`both ways at once, a line each, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const said: string[] = [];
    const lines = async function* () {
      for (let i = 0; i < 5; i++) {
        yield `hello ${i}`;
        await soon(() => said.length === i + 1);
      }
    };
    for await (const line of pair.client.rpc.chat({ lines: lines() })) said.push(line);
    assertEquals(said, [0, 1, 2, 3, 4].map((i) => `you said hello ${i}`));
    assertEquals(pair.happened.returned, 1);
    await comesToRest(pair);
  });

  test(`256 streams at once are each read in their order, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client } = pair;
    const streams = Array.from({ length: 256 }, () => client.rpc.lines({ count: 50 }));
    assertEquals(client.stats().streamsOpen, 256);
    await failsWith("TooManyCallsInFlight", client.rpc.ping());
    const read = await Promise.all(streams.map((each) => all(each)));
    for (const lines of read) assertEquals([lines.length, lines[49]], [50, "line 49"]);
    await comesToRest(pair);
  });

  test(`a reader that is slow stops its source, and nothing else, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const size = 10_000;
    const ahead = (windowBytes: number) => Math.ceil(windowBytes / (size + ITEM_COST_BYTES)) + 2;
    const most = ahead(STREAM_WINDOW_BYTES);
    const items = rpc.endless({ bytes: size });
    await items.next();
    await soon(() => happened.pulled >= most - 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert(happened.pulled <= most, `${happened.pulled} of ${most}`);
    assertEquals(await rpc.ping(), 7);
    assertEquals(await rpc.upload({ name: "a", parts: [new Uint8Array(5)] }), 5);
    for (let i = 0; i < 3 * most; i++) assertEquals((await items.next()).value?.length, size);
    // The reader makes its window wider, if it does, when it has read.
    assert(happened.pulled <= 1 + 3 * most + ahead(MAX_WINDOW_BYTES), `${happened.pulled}`);
    await items.return();
    await comesToRest(pair);
  });

  const FAILURES: readonly (readonly [how: string, code: string, items: number])[] = [
    ["at once", "HandlerPanicked", 0],
    ["later", "HandlerPanicked", 1],
    ["no source", "HandlerPanicked", 0],
    ["wrong item", "ServerEncodeError", 1],
  ];
  for (const [how, code, count] of FAILURES) {
    test(
      `a source at the server that fails by "${how}" gives ${code}, ${where}`,
      PATIENT,
      async () => {
        await using pair = await reach();
        const { client: { rpc }, happened } = pair;
        let read = 0;
        const error = await failsWith(
          code,
          (async () => {
            for await (const _ of rpc.fail({ how })) read++;
          })(),
        );
        assertEquals([read, `${error.message}`.includes("secret")], [count, false]);
        assertEquals(happened.errors.length, 1);
        assertEquals(await rpc.ping(), 7);
        await comesToRest(pair);
      },
    );
  }

  test(`a source at the client that throws fails both sides, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const bug = new Error("disk gone");
    const parts = async function* () {
      yield await Promise.resolve(Uint8Array.of(1));
      throw bug;
    };
    const error = await failsWith("Cancelled", rpc.upload({ name: "a", parts: parts() }));
    assertEquals(error.cause, bug);
    await soon(() => happened.codes.length === 1);
    await failsWith("ClientEncodeError", rpc.upload({ name: "a", parts: ["no bytes"] as never }));
    await failsWith("ClientEncodeError", rpc.upload({ name: "a", parts: 5 as never }));
    await comesToRest(pair);
    assertEquals(await rpc.ping(), 7);
  });

  test(`a signal and a deadline reach the handler, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client: { rpc }, happened } = pair;
    const controller = new AbortController();
    const waiting = rpc.wait({}, { signal: controller.signal });
    const late = rpc.wait({}, { timeoutMs: 300 });
    const items = rpc.endless({ bytes: 1 }, { timeoutMs: 300 });
    await items.next();
    controller.abort();
    await failsWith("Cancelled", waiting);
    await failsWith("DeadlineExceeded", late);
    await soon(() => happened.aborted === 3);
    await failsWith("DeadlineExceeded", all(items));
    await comesToRest(pair);
  });

  test(`a lost connection ends every stream at both ends, ${where}`, PATIENT, async () => {
    await using pair = await reach({ reconnect: false });
    const { client, client: { rpc }, happened } = pair;
    let returned = 0;
    const parts = async function* () {
      try {
        for (;;) {
          yield Uint8Array.of(1);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        returned++;
      }
    };
    const upload = rpc.upload({ name: "a", parts: parts() });
    const unread = rpc.endless({ bytes: 100 });
    const reading = rpc.endless({ bytes: 100 });
    const chat = rpc.chat({ lines: (async function* () {})() });
    await reading.next();
    await soon(() => happened.pulled > 5);
    const ends: Promise<unknown>[] = [
      failsWith("ConnectionLost", upload),
      failsWith("ConnectionLost", all(reading)),
    ];
    assertEquals(await all(chat), []);
    await pair.closeServer();
    await Promise.all(ends);
    await failsWith("ConnectionLost", all(unread));
    await failsWith("ClientNotConnected", all(rpc.lines({ count: 1 })));
    await soon(() => returned === 1 && happened.returned === 4);
    assertEquals(client.stats().streamsOpen, 0);
  });

  test(`closing the client ends its streams, ${where}`, PATIENT, async () => {
    await using pair = await reach();
    const { client, client: { rpc }, happened } = pair;
    const items = rpc.endless({ bytes: 100 });
    await items.next();
    await client.close();
    await failsWith("ConnectionLost", all(items));
    await soon(() => happened.returned === 1 && happened.aborted === 1);
  });

  test(
    `the server calls its client while the client's own call waits, ${where}`,
    PATIENT,
    async () => {
      const asked: string[] = [];
      await using pair = await reach({
        client: {
          confirm({ text }) {
            asked.push(text);
            return text === "Sure?";
          },
          hang() {},
        },
      });
      const { rpc } = pair.client;
      assertEquals(await rpc.ask({ text: "Sure?" }), true);
      assertEquals(await rpc.ask({ text: "No?" }), false);
      const many = await Promise.all(
        Array.from({ length: 200 }, (_, i) => rpc.ask({ text: `${i}` })),
      );
      assertEquals([many.length, asked.length], [200, 202]);
      await comesToRest(pair);
    },
  );

  test(
    `a client without handlers fails the server's call, and lives, ${where}`,
    PATIENT,
    async () => {
      await using pair = await reach();
      const error = await assertRejects(() => pair.client.rpc.ask({ text: "Sure?" }), RpcError);
      assertEquals(error.code, "ClientDecodeError");
      assertEquals(await pair.client.rpc.ping(), 7);
    },
  );

  test(
    `a client that has connected again streams again, and nothing by itself, ${where}`,
    PATIENT,
    async () => {
      await using pair = await reach();
      const { client, client: { rpc }, happened } = pair;
      const items = rpc.endless({ bytes: 100 });
      await items.next();
      const dropped = rpc.drop().catch((error: RpcError) => error.code);
      await failsWith("ConnectionLost", all(items));
      assertEquals(await dropped, "ConnectionLost");
      await soon(() => client.status.state === "open");
      const { pulled } = happened;
      assertEquals(await all(rpc.lines({ count: 3 })), ["line 0", "line 1", "line 2"]);
      assertEquals(await rpc.upload({ name: "a", parts: [new Uint8Array(3)] }), 3);
      assertEquals([happened.pulled, happened.returned], [pulled + 3, 3]);
      assertEquals(client.stats().connectionsOpened, 2);
      await comesToRest(pair);
    },
  );

  test(`tracing covers items, and the server's calls, ${where}`, PATIENT, async () => {
    const traces: string[] = [];
    await using pair = await reach({
      client: { confirm: ({ text }) => text === "Sure?", hang: () => Promise.reject(new Error()) },
      onError() {},
      onTrace(trace) {
        const { type, method, code } = trace;
        const items = "itemsSent" in trace ? ` ${trace.itemsSent} ${trace.itemsReceived}` : "";
        traces.push(`${type} ${method} ${code}${items}`);
      },
    });
    const { rpc } = pair.client;
    await all(rpc.lines({ count: 3 }));
    await rpc.upload({ name: "a", parts: [new Uint8Array(1), new Uint8Array(1)] });
    await rpc.ask({ text: "Sure?" });
    await assertRejects(() => all(rpc.fail({ how: "later" })));
    const stopped = deferred<void>();
    const lines = async function* () {
      yield "hello";
      await stopped.promise;
    };
    for await (const _ of rpc.chat({ lines: lines() })) break;
    const reader = rpc.chat({ lines: lines() }).readable.getReader();
    await reader.read();
    await reader.cancel("enough");
    const controller = new AbortController();
    const { signal } = controller;
    await assertRejects(async () => {
      for await (const _ of rpc.chat({ lines: lines() }, { signal })) controller.abort();
    });
    stopped.resolve();
    await soon(() => traces.length === 8);
    assertEquals(traces.sort(), [
      "answer confirm undefined",
      "call ask undefined",
      // The signal's; to leave a loop is no failure.
      "call chat Cancelled 1 1",
      "call chat undefined 1 1",
      "call chat undefined 1 1",
      "call fail HandlerPanicked 0 1",
      "call lines undefined 0 3",
      "call upload undefined 2 0",
    ]);
  });
}
