/**
 * The questions to a client's process, and its answers.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { floodWith } from "../peer.ts";
import { jsonText, PAYLOAD_BYTES, randomBytes, VARIANTS, variants } from "../samples.ts";
import type { Operation, RpcClient, RpcPeer } from "./rpc/types.ts";

/** The questions to a process. */
export type Question =
  /** CPU time so far, in microseconds. */
  | { readonly ask: "cpu" }
  /** The library's features: operations and `events`. */
  | { readonly ask: "abilities" }
  /** `add`, one after the other: the microseconds of each. */
  | { readonly ask: "latency"; readonly ms: number }
  /** Calls in flight on one connection: how many a second. */
  | {
    readonly ask: "flood";
    readonly what: Operation;
    readonly inFlight: number;
    readonly ms: number;
  }
  /** Open connections up to this number, which all subscribe if there are events. */
  | { readonly ask: "crowd"; readonly size: number }
  /** This many of them call at once, with this many calls in flight each: calls a second. */
  | {
    readonly ask: "crowd-flood";
    readonly what: Operation;
    readonly clients: number;
    readonly inFlight: number;
    readonly ms: number;
  }
  /** This many emitting calls at once, repeated when all connections have all events: deliveries a second. */
  | { readonly ask: "fan-out"; readonly inFlight: number; readonly ms: number }
  /** One event after the other: until the last has heard of it, in microseconds. */
  | { readonly ask: "event"; readonly ms: number }
  /** Connect, call and close this often: milliseconds of the first two. */
  | { readonly ask: "connect"; readonly times: number }
  /** Connect to another port, and stay. */
  | { readonly ask: "dial"; readonly port: number }
  /** This many `add(1, 2)` on that connection. */
  | { readonly ask: "calls"; readonly times: number };

/** CPU time of this process, in microseconds. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Timeout for events: a lost event would block the whole run. */
const LOST_MS = 10_000;
const octets = variants((seed) => randomBytes(PAYLOAD_BYTES, seed));
const texts = variants((seed) => jsonText(PAYLOAD_BYTES, seed));
let next = 0;

function expect(good: boolean, what: string): void {
  if (!good) throw new Error(`A wrong answer to ${what}`);
}

/** One call whose answer is checked. */
function operation(of: RpcClient, what: Operation): (() => Promise<void>) | undefined {
  const { add, echo, say, hello } = of;
  switch (what) {
    case "add":
      return add && (async () => {
        const a = ++next % 1_000_000;
        expect(await of.add?.(a, 2) === a + 2, "add");
      });
    case "echo":
      return echo && (async () => {
        const sent = octets[++next % VARIANTS]!;
        const answer = await of.echo?.(sent);
        expect(answer?.length === sent.length && answer[77] === sent[77], "echo");
      });
    case "say":
      return say && (async () => {
        const sent = texts[++next % VARIANTS]!;
        expect((await of.say?.(sent))?.length === sent.length, "say");
      });
    case "hello":
      return hello &&
        (async () => expect((await of.hello?.("hello world"))?.input === "hello world", "hello"));
  }
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The library does not have it");
  return value;
}

/** Connections, and their received events. */
class Crowd {
  readonly all: RpcClient[] = [];
  #missing = 0;
  #resolve = (): void => {};
  readonly #onEvent = (): void => {
    if (--this.#missing === 0) this.#resolve();
  };

  async grow(of: RpcPeer, port: number, size: number): Promise<void> {
    while (this.all.length < size) {
      const each = await of.open(port);
      await each.listen?.(this.#onEvent);
      this.all.push(each);
    }
    if (this.all[0]?.emit === undefined) return;
    // Some listen only a while after they report it.
    for (let tries = 0; tries < 20; tries++) {
      const heard = this.emit(1).then(() => true);
      if (await Promise.race([heard, sleep(250, false)])) return;
    }
    throw new Error(`${this.#missing} of ${size} do not hear events`);
  }

  async emit(times: number): Promise<void> {
    this.#missing = times * this.all.length;
    const heard = new Promise<void>((resolve) => this.#resolve = resolve);
    const [first] = this.all;
    await Promise.all(Array.from({ length: times }, () => first?.emit?.()));
    await heard;
  }

  async emitAtMost(times: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.#missing} deliveries were lost`)),
        LOST_MS,
      );
    });
    await Promise.race([this.emit(times), late]);
    clearTimeout(timer);
  }
}

/** Answers questions with its own client. */
export async function answering(
  of: RpcPeer,
  address: number,
): Promise<(question: Question) => unknown> {
  const main = await of.open(address);
  await operation(main, "add")?.();
  const crowd = new Crowd();
  let other = main;
  const flood = (client: RpcClient, what: Operation, inFlight: number, ms: number) =>
    client.flood?.(what, inFlight, ms) ?? floodWith(need(operation(client, what)), inFlight, ms);
  const measured = async (count: () => Promise<number>): Promise<object> => {
    const cpu = cpuUs();
    const start = performance.now();
    const many = await count();
    const seconds = (performance.now() - start) / 1000;
    return { count: many, perSecond: many / seconds, cpuUs: (cpuUs() - cpu) / many };
  };
  const timed = async (call: () => Promise<unknown>, ms: number): Promise<object> => {
    const samples: number[] = [];
    const cpu = cpuUs();
    const end = performance.now() + ms;
    for (let start = performance.now(); start < end;) {
      await call();
      const now = performance.now();
      samples.push((now - start) * 1000);
      start = now;
    }
    return { samples, cpuUs: (cpuUs() - cpu) / samples.length };
  };
  return async (question) => {
    switch (question.ask) {
      case "cpu":
        return cpuUs();
      case "abilities":
        return [
          ...(["add", "echo", "say", "hello"] as const).filter((what) => main[what] !== undefined),
          ...(main.emit === undefined ? [] : ["events"]),
        ];
      case "latency":
        return await timed(need(operation(main, "add")), question.ms);
      case "flood":
        return await measured(() => flood(main, question.what, question.inFlight, question.ms));
      case "crowd":
        return await crowd.grow(of, address, question.size);
      case "crowd-flood":
        return await measured(async () => {
          const { what, clients, inFlight, ms } = question;
          const some = crowd.all.slice(0, clients);
          const counts = await Promise.all(some.map((each) => flood(each, what, inFlight, ms)));
          return counts.reduce((sum, count) => sum + count, 0);
        });
      case "fan-out":
        return await measured(async () => {
          const end = performance.now() + question.ms;
          let deliveries = 0;
          while (performance.now() < end) {
            await crowd.emitAtMost(question.inFlight);
            deliveries += question.inFlight * crowd.all.length;
          }
          return deliveries;
        });
      case "event":
        return await timed(() => crowd.emitAtMost(1), question.ms);
      case "connect": {
        const ms: number[] = [];
        for (let i = 0; i < question.times; i++) {
          const start = performance.now();
          const one = await of.open(address);
          await operation(one, "add")?.();
          ms.push(performance.now() - start);
          await one.close();
        }
        return ms;
      }
      case "dial":
        other = await of.open(question.port);
        return await operation(other, "add")?.();
      case "calls":
        for (let i = 0; i < question.times; i++) {
          expect(await other.add?.(1, 2) === 3, "add");
        }
        return;
    }
  };
}
