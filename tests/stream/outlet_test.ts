import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ITEM_COST_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { ProtocolError } from "../../wire/errors.ts";
import { deferred } from "../support/deferred.ts";
import { outletOf, turn } from "./support.ts";

async function* generated(...items: unknown[]) {
  for (const item of items) {
    await undefined;
    yield item;
  }
}

/** An endless source that counts its pulled items. */
function endless() {
  const asked = { next: 0, return: 0 };
  const iterator: AsyncIterator<number> = {
    next: () => Promise.resolve({ value: asked.next++, done: false }),
    return() {
      asked.return++;
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return { asked, source: { [Symbol.asyncIterator]: () => iterator } };
}

function streamOf(...items: number[]): ReadableStream<number> {
  return new ReadableStream({
    start(controller) {
      for (const item of items) controller.enqueue(item);
      controller.close();
    },
  });
}

const SOURCES: readonly (readonly [name: string, source: () => unknown])[] = [
  ["an array", () => [1, 2, 3]],
  ["a generator", () =>
    (function* () {
      yield* [1, 2, 3];
    })()],
  ["a set", () => new Set([1, 2, 3])],
  ["a typed array", () => Uint8Array.of(1, 2, 3)],
  ["an async generator", () => generated(1, 2, 3)],
  ["an array of promises", () => [1, Promise.resolve(2), 3]],
  ["a ReadableStream", () => streamOf(1, 2, 3)],
  ["a ReadableStream that cannot be iterated", () => {
    const stream = streamOf(1, 2, 3);
    return { getReader: () => stream.getReader() };
  }],
  ["an async iterable without return()", () => {
    const items = [1, 2, 3];
    return {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          Promise.resolve(
            items.length > 0
              ? { value: items.shift(), done: false }
              : { value: undefined, done: true },
          ),
      }),
    };
  }],
  ["an async iterable whose next() answers at once", () => {
    let next = 0;
    return {
      [Symbol.asyncIterator]: () => ({ next: () => ({ value: ++next, done: next > 3 }) }),
    };
  }],
];

for (const [name, source] of SOURCES) {
  test(`openOutlet() sends the items of ${name}, in order, and then its end`, async () => {
    const { sent, ends, stops, outlet } = outletOf(source());
    assertEquals(sent, [], "before its opener has it");
    await turn();
    assertEquals(sent, [1, 2, 3]);
    assertEquals(ends, [[undefined, undefined]]);
    assertEquals(outlet.items, 3);
    outlet.cancel();
    assertEquals(stops, [], "it has ended");
  });
}

for (const source of [undefined, null, 7, "text", {}, () => {}, { [Symbol.iterator]: () => 1 }]) {
  test(`openOutlet() refuses ${typeof source} ${String(source)} at once`, () => {
    assertThrows(
      () => outletOf(source),
      TypeError,
      "Cannot stream it: expected what can be iterated",
    );
  });
}

for (const result of [undefined, null, 7]) {
  test(`an outlet says what is expected of a source whose next() gives ${result}`, async () => {
    const { ends } = outletOf({ [Symbol.asyncIterator]: () => ({ next: () => result }) });
    await turn();
    const [[error, failed] = []] = ends;
    assertEquals(failed, "source");
    assertEquals(
      String(error),
      `TypeError: Cannot stream it: expected an object of next(), got ${
        result === null ? result : typeof result
      }`,
    );
  });
}

test("an outlet sends while there is room, of which the last item may take more than there is", async () => {
  const { source, asked } = endless();
  const itemBytes = 1000;
  const { sent, outlet } = outletOf(source, itemBytes);
  await turn();
  const fitting = Math.ceil(STREAM_WINDOW_BYTES / (itemBytes + ITEM_COST_BYTES));
  assertEquals(sent.length, fitting);
  assertEquals(asked.next, fitting, "no item is pulled that cannot be sent");
  const over = fitting * (itemBytes + ITEM_COST_BYTES) - STREAM_WINDOW_BYTES;
  outlet.grant(over);
  await turn();
  assertEquals(sent.length, fitting, "room of 0 is none");
  outlet.grant(1);
  await turn();
  assertEquals(sent.length, fitting + 1);
});

test("an item that fills the window to the byte leaves room for none", async () => {
  const { sent, outlet } = outletOf([1, 2, 3], STREAM_WINDOW_BYTES - ITEM_COST_BYTES);
  await turn();
  assertEquals(sent, [1]);
  outlet.grant(STREAM_WINDOW_BYTES);
  await turn();
  assertEquals(sent, [1, 2]);
});

test("one that fills it but for a byte leaves room for another", async () => {
  const { sent } = outletOf([1, 2, 3], STREAM_WINDOW_BYTES - ITEM_COST_BYTES - 1);
  await turn();
  assertEquals(sent, [1, 2]);
});

test("more room than the window breaks the protocol, and a window of more than 1 MiB", async () => {
  const MORE = 1_048_576 - STREAM_WINDOW_BYTES;
  const opened = () => outletOf(endless().source, STREAM_WINDOW_BYTES - ITEM_COST_BYTES).outlet;
  const early = assertThrows(() => opened().grant(1), ProtocolError);
  assertEquals([early.code, early.closeCode], ["BadCredit", 4002]);
  for (
    const [bytes, more] of [
      [MORE + 1, MORE],
      [MORE + 1, MORE + 1],
      [MORE, MORE + 1],
      [0xffff_ffff, 0],
      [0xffff_ffff, 0xffff_ffff],
      [0, 1],
    ] as const
  ) assertThrows(() => opened().grant(bytes, more), ProtocolError);
  const outlet = opened();
  outlet.grant(MORE, MORE);
  await turn();
  const sent = outlet.items * STREAM_WINDOW_BYTES;
  assertThrows(() => outlet.grant(sent + 1), ProtocolError);
  outlet.grant(sent);
  await turn();
  assertThrows(() => outlet.grant(0xffff_ffff), ProtocolError);
  outlet.cancel();
  outlet.grant(0xffff_ffff);
});

test("a paused outlet pulls nothing, and goes on when it is resumed", async () => {
  const { source, asked } = endless();
  const { outlet } = outletOf(source);
  outlet.pause();
  await turn();
  assertEquals(asked.next, 0);
  outlet.resume();
  await turn();
  assertEquals(asked.next, STREAM_WINDOW_BYTES / ITEM_COST_BYTES);
});

test("an item that was pulled before an outlet was paused is sent when it goes on, once", async () => {
  const asked: ((item: number) => void)[] = [];
  const { sent, ends, outlet } = outletOf({
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<number>>((resolve) =>
          asked.push((value) => resolve({ value, done: false }))
        ),
    }),
  });
  await turn();
  outlet.pause();
  asked[0]!(1);
  await turn();
  assertEquals([sent, asked.length], [[], 1]);
  outlet.grant(0);
  assertEquals(sent, []);
  outlet.resume();
  outlet.resume();
  assertEquals([sent, asked.length], [[1], 2]);
  outlet.pause();
  asked[1]!(2);
  await turn();
  outlet.cancel();
  outlet.resume();
  await turn();
  assertEquals([sent, ends, asked.length], [[1], [], 2]);
});

test("an outlet that is paused as it sends pulls no more", async () => {
  const { sent, outlet } = outletOf([1, 2, 3], 0, () => outlet.pause());
  for (const count of [1, 2, 3]) {
    await turn();
    assertEquals(sent.length, count);
    outlet.resume();
  }
});

test("room that is granted while an item is sent counts, and nothing is sent twice", async () => {
  const items = Array.from({ length: 20 }, (_, i) => i);
  const bytes = STREAM_WINDOW_BYTES;
  const { sent, ends, outlet } = outletOf(
    items,
    bytes,
    () => outlet.grant(bytes + ITEM_COST_BYTES),
  );
  await turn();
  assertEquals(sent, items);
  assertEquals(ends.length, 1);
});

test("a source that throws ends its outlet with its error, and its return() is not called", async () => {
  const error = new Error("broken");
  let returned = 0;
  for (
    const next of [() => Promise.reject(error), () => {
      throw error;
    }]
  ) {
    const source = { [Symbol.asyncIterator]: () => ({ next, return: () => returned++ }) };
    const { ends, stops } = outletOf(source);
    await turn();
    assertEquals(ends, [[error, "source"]]);
    assertEquals(stops, []);
  }
  assertEquals(returned, 0);
});

test("a source whose result is none ends its outlet", async () => {
  const { ends } = outletOf({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) });
  await turn();
  assertEquals(ends.map(([error, failed]) => [error instanceof TypeError, failed]), [
    [true, "source"],
  ]);
});

test("a source whose next() gives what cannot be awaited ends its outlet with the error of that", async () => {
  const error = new Error("no promise");
  for (const isCancelled of [false, true]) {
    const next = () => {
      if (isCancelled) outlet.cancel();
      return {
        get then() {
          throw error;
        },
      };
    };
    const { outlet, ends, stops } = outletOf({ [Symbol.iterator]: () => ({ next }) });
    await turn();
    assertEquals([ends, stops], isCancelled ? [[], [error]] : [[[error, "source"]], []]);
  }
});

test("a promise among the items that rejects ends its outlet, and the source's return() is called", async () => {
  let finished = false;
  const { sent, ends } = outletOf((function* () {
    try {
      yield 1;
      yield Promise.reject(new Error("no item"));
      yield 3;
    } finally {
      finished = true;
    }
  })());
  await turn();
  assertEquals([sent, ends.length, ends[0]![1], finished], [[1], 1, "source", true]);
});

test("an item that cannot be sent ends its outlet, and the source's return() is called", async () => {
  const { source, asked } = endless();
  const error = new RangeError("too large");
  const { sent, ends, outlet } = outletOf(source, 0, (item) => {
    if (item === 2) throw error;
  });
  await turn();
  assertEquals([sent, ends], [[0, 1], [[error, "item"]]]);
  assertEquals(asked, { next: 3, return: 1 });
  assertEquals(outlet.items, 2);
});

test("cancel() tells the source to return, once, and hears how it stopped", async () => {
  const { source, asked } = endless();
  const { ends, stops, outlet } = outletOf(source);
  await turn();
  outlet.cancel();
  outlet.cancel();
  assertEquals(stops, []);
  await turn();
  assertEquals([ends, stops, asked.return], [[], [undefined], 1]);
});

test("cancel() before anything was pulled pulls nothing", async () => {
  const { source, asked } = endless();
  const { stops, outlet } = outletOf(source);
  outlet.cancel();
  await turn();
  assertEquals([asked, stops], [{ next: 0, return: 1 }, [undefined]]);
});

test("cancel() runs the finally of a generator", async () => {
  const log: string[] = [];
  const { outlet, stops } = outletOf((async function* () {
    try {
      for (;;) yield await turn();
    } finally {
      await turn();
      log.push("let go");
    }
  })());
  await turn();
  outlet.cancel();
  for (let i = 0; i < 4; i++) await turn();
  assertEquals([log, stops], [["let go"], [undefined]]);
});

test("cancel() passes its reason on to a ReadableStream", async () => {
  const reasons: unknown[] = [];
  const stream = new ReadableStream<number>({ cancel: (reason) => void reasons.push(reason) });
  const { outlet, ends, stops } = outletOf(stream);
  await turn();
  outlet.cancel("enough");
  await turn();
  assertEquals([reasons, ends, stops], [["enough"], [], [undefined]]);
});

test("an error of return() is reported, and never unhandled", async () => {
  const error = new Error("cannot let go");
  for (
    const leave of [() => Promise.reject(error), () => {
      throw error;
    }, () => ({
      get then() {
        throw error;
      },
    })]
  ) {
    const next = () => new Promise<never>(() => {});
    const { outlet, ends, stops } = outletOf({
      [Symbol.asyncIterator]: () => ({ next, return: leave }),
    });
    await turn();
    outlet.cancel();
    await turn();
    assertEquals([ends, stops], [[], [error]]);
  }
});

test("a source that never answers next() or return() is left where it is", async () => {
  const never = () => new Promise<never>(() => {});
  const { outlet, ends, stops } = outletOf({
    [Symbol.asyncIterator]: () => ({ next: never, return: never }),
  });
  await turn();
  outlet.cancel();
  await turn();
  assertEquals([ends, stops], [[], []]);
});

test("the item of next() after cancel() is not sent, and its rejection is reported once", async () => {
  for (const settle of ["resolve", "reject"] as const) {
    const result = deferred<IteratorResult<number>>();
    const returned = deferred<unknown>();
    const { outlet, sent, ends, stops } = outletOf({
      [Symbol.asyncIterator]: () => ({
        next: () => result.promise,
        return: () => returned.promise,
      }),
    });
    await turn();
    outlet.cancel();
    if (settle === "resolve") result.resolve({ value: 1, done: false });
    else result.reject("aborted");
    await turn();
    assertEquals([sent, ends, stops], [[], [], settle === "resolve" ? [] : ["aborted"]]);
    returned.resolve(undefined);
    await turn();
    assertEquals(stops, [settle === "resolve" ? undefined : "aborted"]);
  }
});

test("cancel() from inside of a generator lets it come to its next yield first", async () => {
  const log: string[] = [];
  let cancel = () => {};
  const { outlet, sent, ends, stops } = outletOf((function* (): Generator<number> {
    try {
      cancel();
      yield 1;
      log.push("went on");
    } finally {
      log.push("let go");
    }
  })());
  cancel = () => outlet.cancel();
  await turn();
  assertEquals([log, sent, ends, stops], [["let go"], [], [], [undefined]]);
});

test("cancel() while an item is sent pulls no other", async () => {
  const { source, asked } = endless();
  const { outlet, stops } = outletOf(source, 0, () => outlet.cancel());
  await turn();
  assertEquals([asked, stops], [{ next: 1, return: 1 }, [undefined]]);
});

test("an outlet that is cancelled as it sends a large item leaves no timer", async () => {
  let timers = 0;
  const { sent, outlet } = outletOf(endless().source, 65_536, () => outlet.cancel(), () => {
    timers++;
    return () => {};
  });
  await turn();
  assertEquals([sent.length, timers], [1, 0]);
});
