import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { encode } from "../../codec/mod.ts";
import type { Broker, BrokerNode, BrokerStatus, MissedEvents } from "../../server/mod.ts";
import { MAX_BATCH_BYTES } from "../../server/broker_outbox.ts";
import { BrokerError, BrokerRefusal } from "../../server/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { ScriptedClient } from "../support/scripted_client.ts";
import { Demo, type Setup, setUp, turn } from "./support.ts";
import { deferred } from "../support/deferred.ts";
import { until } from "../support/until.ts";

/** Nodes that are joined by a function call. */
class Bus {
  readonly brokers: TestBroker[] = [];
  broker(): TestBroker {
    const broker = new TestBroker(this);
    this.brokers.push(broker);
    return broker;
  }
}

class TestBroker implements Broker {
  readonly messageCostBytes = 0;
  readonly topics = new Set<string>();
  readonly log: string[] = [];
  node: BrokerNode | undefined;
  /** Replaces `subscribe`. */
  refuse: (() => Promise<void>) | undefined;
  /** Replaces `publish`. */
  send: ((message: Uint8Array, topic: Topic) => void | Promise<void>) | undefined;
  readonly #bus: Bus;
  constructor(bus: Bus) {
    this.#bus = bus;
  }
  start(node: BrokerNode): void {
    this.node = node;
    node.link("up");
  }
  /** A probe that is always answered, so that it does not affect the test. */
  probe(): Promise<void> {
    return Promise.resolve();
  }
  subscribe(topic: Topic): void | Promise<void> {
    this.log.push(`+${topic}`);
    if (this.refuse !== undefined) return this.refuse();
    this.topics.add(topic.key);
  }
  unsubscribe(topic: Topic): void {
    this.log.push(`-${topic}`);
    this.topics.delete(topic.key);
  }
  publish(topic: Topic, message: Uint8Array): void | Promise<void> {
    if (this.send !== undefined) return this.send(message, topic);
    for (const { topics, node } of this.#bus.brokers) {
      if (topics.has(topic.key)) node?.deliver(topic, message);
    }
  }
  close(): void {
    this.log.push("closed");
  }
}

interface Node extends Setup {
  readonly broker: TestBroker;
  readonly client: ScriptedClient;
}

async function makeNode(bus: Bus, maxBufferedBytes?: number): Promise<Node> {
  const broker = bus.broker();
  const limits = maxBufferedBytes === undefined ? {} : { maxBufferedBytes };
  const setup = setUp({ broker, limits });
  return { ...setup, broker, client: await ScriptedClient.connect(setup.core) };
}

async function end(...nodes: Node[]): Promise<void> {
  for (const { client, core } of nodes) {
    client.hangUp();
    await core.close();
  }
}

const codes = ({ errors }: Setup): unknown[] =>
  errors.map(({ error }) => error instanceof BrokerError ? error.code : error);

test("an event reaches subscribers of both nodes once, with and without some of one's own", async () => {
  const bus = new Bus();
  const [a, b] = [await makeNode(bus), await makeNode(bus)];
  await a.contexts[0]!.subscriptions.add("t");
  await b.contexts[0]!.subscriptions.add("t");
  a.core.events.emit("t", { type: "changed", to: 1 });
  await b.contexts[0]!.subscriptions.add("b only");
  a.core.events.emitRaw("b only", encode(Demo.event!, { type: "quiet" }));
  await turn();
  assertEquals(a.client.take(), ["event t 0000000001000000"]);
  assertEquals(b.client.take(), ["event t 0000000001000000", "event b only 0100000000000000"]);
  assertEquals([a.core.broker?.published, b.core.broker?.received, a.core.broker?.received], [
    2,
    2,
    0,
  ]);
  await end(a, b);
  assertEquals(a.broker.log.at(-1), "closed");
});

test("a broker that throws, rejects or is down never stops local delivery", async () => {
  const node = await makeNode(new Bus());
  await node.contexts[0]!.subscriptions.add("t");
  const sends = [
    () => {
      throw new Error("broken");
    },
    () => Promise.reject(new Error("broken")),
  ];
  for (const send of sends) {
    node.broker.send = send;
    node.core.events.emit("t", { type: "quiet" });
    await turn();
  }
  await turn();
  assertEquals(codes(node), ["PublishFailed", "PublishFailed"]);
  node.broker.node!.link("down", new Error("gone"));
  node.core.events.emit("t", { type: "quiet" });
  assertEquals(node.client.take().length, 3);
  const { link, published, failed, dropped, unsubscribed } = node.core.broker!;
  assertEquals({ link, published, failed, dropped, unsubscribed }, {
    link: "down",
    published: 2,
    failed: 2,
    dropped: 1,
    unsubscribed: 1,
  });
  await end(node);
});

test("bytes on the way are bounded: further events are dropped and counted", async () => {
  const node = await makeNode(new Bus(), 100);
  const { promise, resolve } = deferred<void>();
  node.broker.send = () => promise;
  // 24 bytes for the message, 12 for each event.
  for (let i = 0; i < 4; i++) node.core.events.emit("t", { type: "quiet" });
  await turn();
  for (let i = 0; i < 5; i++) node.core.events.emit("t", { type: "quiet" });
  await turn();
  assertEquals([node.core.broker!.published, node.core.broker!.dropped], [4, 5]);
  resolve();
  await turn();
  for (let i = 0; i < 10; i++) node.core.events.emit("t", { type: "quiet" });
  await turn();
  assertEquals([node.core.broker!.published, node.core.broker!.dropped], [10, 9]);
  await end(node);
});

test("no more than maxMessagesInFlight are handed to the engine at a time; the rest follows in order", async () => {
  const node = await makeNode(new Bus());
  Object.assign(node.broker, { maxMessagesInFlight: 3 });
  const sent: string[] = [];
  const settle: (() => void)[] = [];
  node.broker.send = (_, topic) => {
    sent.push(`${topic}`);
    return new Promise((resolve) => settle.push(resolve));
  };
  const topics = Array.from({ length: 10 }, (_, i) => `t${i}`);
  for (const topic of topics) node.core.events.emit(topic, { type: "quiet" });
  await turn();
  assertEquals([sent, node.core.broker!.published], [topics.slice(0, 3), 3]);
  settle.shift()!();
  await turn();
  assertEquals(sent, topics.slice(0, 4));
  while (settle.length > 0) {
    settle.shift()!();
    await turn();
  }
  assertEquals([sent, node.core.broker!.pendingBytes], [topics, 0]);
  await end(node);
});

test("garbage, other versions, own echoes, doubles and late messages are counted, none is delivered", async () => {
  const bus = new Bus();
  const [a, b] = [await makeNode(bus), await makeNode(bus)];
  const topic = Topic.from("t");
  await b.contexts[0]!.subscriptions.add(topic);
  const messages: Uint8Array[] = [];
  a.broker.send = (message) => void messages.push(message);
  for (let to = 0; to < 3; to++) {
    a.core.events.emit(topic, { type: "changed", to });
    await turn();
  }
  const [first, second, third] = messages as [Uint8Array, Uint8Array, Uint8Array];
  const node = b.broker.node!;
  const edited = (at: number, value: number): Uint8Array => {
    const copy = third.slice();
    copy[at] = value;
    return copy;
  };
  for (const message of [first, first, third, second]) node.deliver(topic, message);
  const bad = [
    new Uint8Array(),
    new Uint8Array(24),
    third.subarray(0, 23),
    edited(0, 0),
    edited(2, 1),
    edited(15, 0xff),
    edited(23, 0xff),
    edited(24, 9),
    edited(27, 0xff),
    edited(28, 9),
    Uint8Array.of(...third, 0),
    Uint8Array.of(...third, 8, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9),
  ];
  for (const message of bad) node.deliver(topic, message);
  node.deliver(topic, edited(4, third[4]! ^ 1));
  node.deliver(Topic.from("nobody's"), third);
  a.broker.node!.deliver(topic, third);
  assertEquals(b.client.take(), ["event t 0000000000000000", "event t 0000000002000000"]);
  const { received, stale, bad: count, otherVersion, late } = b.core.broker!;
  assertEquals({ received, stale, count, otherVersion, late }, {
    received: 2,
    stale: 2,
    count: bad.length,
    otherVersion: 1,
    late: 1,
  });
  const told = codes(b);
  assertEquals(told.splice(0, 1), ["EventsMissed"]);
  assertEquals(told, ["BadMessage", "BadMessage", "BadMessage", "BadMessage", "OtherVersion"]);
  await end(a, b);
});

test("events of a turn that follow one another on a topic are one message; order is kept over all", async () => {
  const bus = new Bus();
  const [a, b] = [await makeNode(bus), await makeNode(bus)];
  for (const topic of ["x", "y"]) await b.contexts[0]!.subscriptions.add(topic);
  const messages: [Topic, Uint8Array][] = [];
  a.broker.send = (message, topic) => void messages.push([topic, message]);
  for (const [i, topic] of ["x", "x", "y", "x"].entries()) {
    a.core.events.emit(topic, { type: "changed", to: i });
  }
  assertEquals(messages.length, 0);
  await turn();
  assertEquals(messages.map(([topic]) => `${topic}`), ["x", "y", "x"]);
  for (const [topic, message] of messages) b.broker.node!.deliver(topic, message);
  assertEquals(b.client.take(), [
    "event x 0000000000000000",
    "event x 0000000001000000",
    "event y 0000000002000000",
    "event x 0000000003000000",
  ]);
  assertEquals([a.core.broker!.published, b.core.broker!.received], [4, 4]);
  await end(a, b);
});

test("a message is no longer than MAX_BATCH_BYTES, but for a single event", async () => {
  const node = await makeNode(new Bus());
  const lengths: number[] = [];
  node.broker.send = (message) => void lengths.push(message.length);
  for (let i = 0; i < 10_000; i++) node.core.events.emit("t", { type: "quiet" });
  node.core.events.emitRaw("t", new Uint8Array(2 * MAX_BATCH_BYTES));
  await turn();
  assertEquals(lengths.map((length) => length > MAX_BATCH_BYTES), [false, false, true]);
  assertEquals(node.core.broker!.published, 10_001);
  await end(node);
});

test("in a dense stream several turns share a message, and the last one does not stay behind", async () => {
  const node = await makeNode(new Bus());
  let messages = 0;
  node.broker.send = () => void messages++;
  for (let i = 0; i < 1000; i++) {
    node.core.events.emit("t", { type: "quiet" });
    await Promise.resolve();
  }
  await until(() => node.core.broker!.published >= 1000);
  assert(messages < 1000);
  await end(node);
});

test("what waits when the link goes down is dropped and counted; what waits at the end is sent", async () => {
  const node = await makeNode(new Bus());
  let messages = 0;
  node.broker.send = () => void messages++;
  for (const topic of ["x", "y"]) node.core.events.emit(topic, { type: "quiet" });
  node.broker.node!.link("down");
  await turn();
  assertEquals([messages, node.core.broker!.dropped], [0, 2]);
  node.core.events.emit("nobody's here", { type: "quiet" });
  assertEquals(node.core.broker!.dropped, 3);
  node.broker.node!.link("up");
  await turn();
  const closed = node.core.close();
  node.core.events.emit("x", { type: "quiet" });
  node.client.hangUp();
  await closed;
  // The event, and the numbers of the two other topics.
  assertEquals([messages, node.core.broker!.published], [3, 1]);
});

test("a subscribe that fails rejects add(), keeps the subscription and is tried again", async () => {
  const node = await makeNode(new Bus());
  const { subscriptions } = node.contexts[0]!;
  node.broker.refuse = () => Promise.reject(new Error("no"));
  const error = await assertRejects(() => subscriptions.add("t"), BrokerError);
  assertEquals(error.code, "SubscribeFailed");
  assert(subscriptions.has("t"));
  node.core.events.emit("t", { type: "quiet" });
  assertEquals(node.client.take().length, 1);
  subscriptions.add("ignored");
  await turn();
  assertEquals(node.core.broker!.unsubscribed, 2);
  node.broker.refuse = undefined;
  await until(() => node.core.broker!.subscribed >= 2);
  await subscriptions.add("t");
  await end(node);
});

test("a broker that never answers rejects add() after SUBSCRIBE_TIMEOUT_MS; local events come", {
  timeout: 30_000,
}, async () => {
  const node = await makeNode(new Bus());
  node.broker.refuse = () => new Promise(() => {});
  const added = node.contexts[0]!.subscriptions.add("t");
  node.core.events.emit("t", { type: "quiet" });
  assertEquals(node.client.take().length, 1);
  const error = await assertRejects(() => added, BrokerError);
  assertEquals(error.code, "SubscribeFailed");
  assertEquals(node.core.broker!.unsubscribed, 1);
  await end(node);
});

test("while the link is down add() rejects; when it returns all topics are subscribed again", async () => {
  const node = await makeNode(new Bus());
  const { subscriptions } = node.contexts[0]!;
  await subscriptions.add("a");
  node.broker.node!.link("down");
  const error = await assertRejects(() => subscriptions.add("b"), BrokerError);
  assertEquals(error.code, "LinkDown");
  node.broker.log.length = 0;
  node.broker.node!.link("up");
  await until(() => node.core.broker!.subscribed >= 2);
  assertEquals(node.broker.log, ["+a", "+b"]);
  await end(node);
});

test("a topic lingers at the broker, and stays if a subscriber returns meanwhile", async () => {
  const node = await makeNode(new Bus());
  const { subscriptions } = node.contexts[0]!;
  await subscriptions.add("a");
  await subscriptions.add("b");
  subscriptions.remove("a");
  subscriptions.remove("b");
  await subscriptions.add("a");
  assertEquals(node.broker.log, ["+a", "+b"]);
  await until(() => node.broker.log.length !== 2);
  assertEquals([node.broker.log, node.core.broker!.subscribed], [["+a", "+b", "-b"], 1]);
  await end(node);
});

test("a broker that cannot start is reported, and the server serves", async () => {
  const errors: unknown[] = [];
  const broker: Broker = {
    start: () => Promise.reject(new Error("no")),
    subscribe() {},
    unsubscribe() {},
    publish() {},
  };
  const setup = setUp({ broker, onError: (error) => errors.push(error) });
  await turn();
  assert(errors[0] instanceof BrokerError);
  assertEquals(setup.core.broker!.link, "down");
  await setup.core.close();
});

test("a second server with one broker is refused, and the first goes on; after its close it may be used", async () => {
  const broker = new Bus().broker();
  const first = setUp({ broker });
  await turn();
  assertThrows(() => setUp({ broker }), TypeError);
  assertEquals([first.core.broker!.link, broker.log], ["up", []]);
  await first.core.close();
  const second = setUp({ broker });
  await turn();
  assertEquals(second.core.broker!.link, "up");
  await second.core.close();
});

test("events of before the link is first up are kept over a refusal, and sent when it is proved", async () => {
  const bus = new Bus();
  const late = bus.broker();
  late.start = (node) => void (late.node = node);
  const messages: Uint8Array[] = [];
  late.send = (message) => void messages.push(message);
  const { core } = setUp({ broker: late });
  core.events.emit("t", { type: "quiet" });
  core.events.emit("t", { type: "quiet" });
  await turn();
  assertEquals([messages.length, core.broker!.dropped, core.broker!.link], [0, 0, "down"]);
  late.node!.link("down", new Error("refused"));
  core.events.emit("t", { type: "quiet" });
  const proof = deferred<void>();
  late.probe = () => proof.promise;
  late.node!.link("up");
  await turn();
  assertEquals([messages.length, core.broker!.dropped, core.broker!.link], [0, 0, "down"]);
  proof.resolve();
  await turn();
  assertEquals([messages.length, core.broker!.published, core.broker!.link], [1, 3, "up"]);
  await core.close();
});

test("gaps in the numbers are reported and counted, also for events that did not leave their node", async () => {
  const bus = new Bus();
  const missed: MissedEvents[] = [];
  const a = await makeNode(bus);
  const broker = bus.broker();
  const setup = setUp({ broker, onMissedEvents: (each) => missed.push(each) });
  const client = await ScriptedClient.connect(setup.core);
  await setup.contexts[0]!.subscriptions.add("t");
  const emit = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) a.core.events.emit("t", { type: "quiet" });
    await turn();
  };
  await emit(2);
  a.broker.send = () => {};
  await emit(3);
  a.broker.node!.link("down");
  await emit(4);
  a.broker.node!.link("up");
  await turn();
  a.broker.send = undefined;
  await emit(1);
  assertEquals([setup.core.broker!.received, setup.core.broker!.missed], [3, 7]);
  assertEquals(codes(setup), ["EventsMissed"]);
  await until(() => missed.length !== 0);
  assertEquals(missed.map(({ topics, reason }) => [topics.map(String), reason]), [
    [["t"], "EventsMissed"],
  ]);
  client.hangUp();
  await setup.core.close();
  await end(a);
});

test(
  "a link whose client says up and that carries nothing is found out, and is up when it carries again",
  {
    timeout: 30_000,
  },
  async () => {
    const broker = new Bus().broker();
    const missed: MissedEvents[] = [];
    let resets = 0;
    Object.assign(broker, { reset: () => void resets++ });
    const setup = setUp({ broker, onMissedEvents: (each) => missed.push(each) });
    const client = await ScriptedClient.connect(setup.core);
    await setup.contexts[0]!.subscriptions.add("t");
    const status = (): BrokerStatus => setup.core.broker!;
    await until(() => status().roundTripMs !== undefined);
    broker.probe = () => new Promise(() => {});
    await until(() => status().link !== "up");
    assert(status().proofAgeMs! >= 3000);
    assertEquals([codes(setup), resets, status().unsubscribed], [["LinkDown"], 1, 1]);
    setup.core.events.emit("t", { type: "quiet" });
    assertEquals(status().dropped, 1);
    broker.probe = () => Promise.resolve();
    await until(() => status().subscribed !== 0);
    assertEquals(status().link, "up");
    assertEquals(codes(setup), ["LinkDown", "LinkRestored"]);
    await until(() => missed.length !== 0);
    assertEquals(missed.map(({ topics, reason }) => [topics.map(String), reason]), [
      [["t"], "LinkDown"],
    ]);
    client.hangUp();
    await setup.core.close();
  },
);

test("without probe() the link is proved by a message to the node itself, on a separate topic", async () => {
  const bus = new Bus();
  const broker = bus.broker();
  Object.assign(broker, { probe: undefined });
  const { core } = setUp({ broker });
  await until(() => core.broker!.proofAgeMs !== undefined);
  assertEquals([core.broker!.link, broker.topics.size, core.broker!.bad], ["up", 1, 0]);
  await core.close();
});

test("an engine that refuses the topic of probes is reported, and the link stays up", async () => {
  const broker = new Bus().broker();
  Object.assign(broker, { probe: undefined });
  broker.refuse = () => Promise.reject(new BrokerRefusal(new Error("no right")));
  const setup = setUp({ broker });
  await until(() => setup.errors.length !== 0);
  assertEquals(codes(setup), ["SubscribeFailed"]);
  assertEquals([setup.core.broker!.link, setup.core.broker!.proofAgeMs], ["up", undefined]);
  await setup.core.close();
});

test("a link that ends for good says so, with its cause", async () => {
  const node = await makeNode(new Bus());
  const cause = new Error("no more attempts");
  node.broker.node!.link("down", cause);
  node.broker.node!.link("down", cause, true);
  const errors = node.errors.map(({ error }) => error as BrokerError);
  assertEquals(errors.map(({ code, final }) => [code, final]), [
    ["LinkDown", false],
    ["LinkDown", true],
  ]);
  assertEquals([errors[1]!.cause, node.core.broker!.final], [cause, true]);
  await end(node);
});

test("in a flood of flaps LinkDown and LinkRestored are reported at a falling rate", async () => {
  const node = await makeNode(new Bus());
  for (let flap = 0; flap < 100; flap++) {
    node.broker.node!.link("down");
    node.broker.node!.link("up");
    await turn();
  }
  const told = codes(node);
  assertEquals([told.length, told.slice(0, 2)], [14, ["LinkDown", "LinkRestored"]]);
  await end(node);
});

test("a topic that the engine ends fails alone, is reported with its topic and subscribed again", async () => {
  const missed: MissedEvents[] = [];
  const broker = new Bus().broker();
  const setup = setUp({ broker, onMissedEvents: (each) => missed.push(each) });
  const client = await ScriptedClient.connect(setup.core);
  const [a, b] = [Topic.from("a"), Topic.from("b")];
  for (const topic of [a, b]) await setup.contexts[0]!.subscriptions.add(topic);
  broker.node!.unsubscribed(a, new Error("revoked"));
  assertEquals([setup.core.broker!.link, setup.core.broker!.subscribed], ["up", 1]);
  const { code, topic } = setup.errors[0]!.error as BrokerError;
  assertEquals([code, topic], ["SubscribeFailed", a]);
  await until(() => missed.length !== 0);
  assertEquals([missed[0]!.topics, missed[0]!.reason], [[a], "SubscribeFailed"]);
  assertEquals(setup.core.broker!.subscribed, 2);
  client.hangUp();
  await setup.core.close();
});

test("events fit what the engine takes: batches are cut, one that is too large fails by itself", async () => {
  const node = await makeNode(new Bus());
  const lengths: number[] = [];
  node.broker.send = (message) => void lengths.push(message.length);
  Object.assign(node.broker, { maxMessageBytes: 16_384 });
  for (let i = 0; i < 10_000; i++) node.core.events.emit("t", { type: "quiet" });
  node.core.events.emitRaw("t", new Uint8Array(16_384));
  await turn();
  assert(lengths.length > 1 && lengths.every((length) => length <= 16_384));
  const { published, failed } = node.core.broker!;
  assertEquals([published, failed, codes(node)], [10_001, 1, ["PublishFailed"]]);
  await end(node);
});

for (const known of [true, false]) {
  test(`the last events that did not leave their node are reported at nodes that know it: ${known}`, async () => {
    const bus = new Bus();
    const missed: MissedEvents[] = [];
    const a = await makeNode(bus);
    const setup = setUp({ broker: bus.broker(), onMissedEvents: (each) => missed.push(each) });
    const client = await ScriptedClient.connect(setup.core);
    const topics = [Topic.from("t"), Topic.from(Uint8Array.of(0, 200))];
    for (const topic of topics) {
      await setup.contexts[0]!.subscriptions.add(topic);
      if (known) a.core.events.emit(topic, { type: "quiet" });
    }
    await turn();
    a.broker.node!.link("down");
    for (const topic of topics) a.core.events.emit(topic, { type: "quiet" });
    a.broker.node!.link("up");
    await until(() => missed.length !== 0);
    assertEquals(missed.map(({ topics, reason }) => [topics.map(({ key }) => key), reason]), [
      [topics.map(({ key }) => key), "EventsMissed"],
    ]);
    const { received, bad, stale } = setup.core.broker!;
    assertEquals(
      [received, setup.core.broker!.missed, bad, stale],
      known ? [2, 2, 0, 0] : [0, 0, 0, 0],
    );
    client.hangUp();
    await setup.core.close();
    await end(a);
  });
}
