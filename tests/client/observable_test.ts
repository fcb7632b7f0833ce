import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type Observable, observable as observe } from "../../client/observable.ts";

function setup(): { observable: Observable<number>; errors: unknown[] } {
  const errors: unknown[] = [];
  return { observable: observe(0, (error) => errors.push(error)), errors };
}

test("observable().set() calls a listener that re-arms itself once a change", () => {
  const { observable } = setup();
  const seen: number[] = [];
  const once = (): void => {
    const stop = observable.watch((value) => {
      seen.push(value);
      stop();
      once();
    });
  };
  once();
  observable.set(1);
  observable.set(2);
  assertEquals([seen, observable.watchers.size], [[1, 2], 1]);
});

test("observable().set() tells a listener of no change from before it came, and none after it has gone", () => {
  const { observable } = setup();
  const late: number[] = [];
  const gone: number[] = [];
  observable.watch((value) => {
    if (value === 1) observable.watch((each) => late.push(each));
    stop();
  });
  const stop = observable.watch((value) => gone.push(value));
  observable.set(1);
  observable.set(2);
  assertEquals([late, gone], [[2], []]);
});

test("observable().set() within a listener notifies all in order, after the first notification", () => {
  const { observable } = setup();
  const seen: string[] = [];
  observable.watch((value) => {
    seen.push(`a${value}`);
    if (value < 3) observable.set(value + 1);
    assertEquals(observable.current, Math.min(3, value + 1));
  });
  observable.watch((value) => seen.push(`b${value}`));
  observable.set(1);
  assertEquals(seen, ["a1", "b1", "a2", "b2", "a3", "b3"]);
});

test("observable().end() within a listener lets the others hear the change, then its end", () => {
  const { observable } = setup();
  const seen: string[] = [];
  observable.watch(() => observable.end(), () => seen.push("a ended"));
  observable.watch((value) => seen.push(`b${value}`), () => seen.push("b ended"));
  observable.set(1);
  observable.set(2);
  observable.end();
  observable.watch(() => seen.push("never"), () => seen.push("c ended"));
  assertEquals([seen, observable.watchers.size], [["b1", "a ended", "b ended", "c ended"], 0]);
});

test("observable().set() reports what listeners throw, and goes on", () => {
  const { observable, errors } = setup();
  const seen: number[] = [];
  observable.watch(() => {
    throw new TypeError("mine");
  });
  observable.watch((value) => seen.push(value));
  observable.set(1);
  observable.set(2);
  assertEquals([seen, errors.length], [[1, 2], 2]);
});
