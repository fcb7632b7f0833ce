import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { natsBroker } from "../../bridges/nats.ts";
import { memoryPair } from "../../memory.ts";
import { service } from "../../mod.ts";
import { serve } from "../../server.ts";
import { Topic } from "../../wire/topic.ts";
import { NatsServer } from "../support/nats_server.ts";
import { Proxy } from "../support/proxy.ts";
import {
  configuration,
  LOBBY,
  type LocalNode,
  localNode,
  twentyCome,
  untilHeard,
} from "./local_node.ts";
import { until } from "../support/until.ts";
import { numbers, sleep } from "./members.ts";
import { found, natsNode, skip, startNats } from "./nats_node.ts";
import { rooms, RoomsDefinition } from "./rooms.ts";

const room = (number: number): Topic => Topic.from(`room ${number}`);

for (const noEcho of [true, false]) {
  test(
    `NATS stalls under the documented connection, noEcho: ${noEcho}: told, and the node hears again`,
    {
      skip,
    },
    async () => {
      await using server = await startNats();
      await using a = await natsNode(server.port, { noEcho });
      await using b = await natsNode(server.port, { noEcho }, [LOBBY]);
      await twentyCome(a, b);
      await until(() => b.status.roundTripMs !== undefined);
      server.pause();
      await until(() => a.status.link === "down" && b.status.link === "down");
      await a.emit([1, 2, 3]);
      server.resume();
      await until(() => a.status.link === "up" && b.status.subscribed === 1);
      await twentyCome(a, b);
      assertEquals(b.status.received + b.status.missed, 43);
      assertEquals(b.codes().slice(0, 2), ["LinkDown", "LinkRestored"]);
      await until(() => b.missed.length > 0);
    },
  );
}

test("a connection to NATS that is gone without a word is found out, and made anew", {
  skip,
}, async () => {
  await using server = await startNats();
  await using proxy = await Proxy.start(server.port);
  await using a = await natsNode(server.port);
  await using b = await natsNode(proxy.port, { ignoreClusterUpdates: true }, [LOBBY]);
  await twentyCome(a, b);
  await until(() => b.status.roundTripMs !== undefined);
  proxy.freeze();
  await until(() => b.status.link === "down");
  proxy.thaw();
  await until(() => b.status.subscribed === 1);
  await twentyCome(a, b);
});

test("natsBroker() refuses anything but a connection, also in plain JavaScript", () => {
  const refused: unknown[] = [{}, undefined, connect({ port: 1 }).catch(() => {})];
  for (const each of refused) {
    assertThrows(() => natsBroker(each as Parameters<typeof natsBroker>[0]), TypeError);
  }
});

test("NATS is killed: the link is down with a cause, and is back with the documented client", {
  skip,
}, async () => {
  await using server = await startNats();
  await using a = await natsNode(server.port, {}, [LOBBY]);
  await using b = await natsNode(server.port, {}, [LOBBY]);
  await server.kill();
  await until(() => a.status.link === "down" && b.status.link === "down");
  assert(a.errors[0]!.cause instanceof Error);
  await server.start();
  await until(() => a.status.subscribed === 1 && b.status.subscribed === 1);
  await twentyCome(a, b);
});

test("more topics than NATS allows subscriptions: as many add() reject as are deaf", {
  skip,
}, async () => {
  await using server = await startNats("max_subscriptions: 5");
  await using a = await natsNode(server.port);
  await using b = await natsNode(server.port);
  const joins = await Promise.allSettled(
    numbers(10).map((number) => b.client.rpc.join({ room: room(number) })),
  );
  const joined = numbers(10).filter((number) => joins[number]!.status === "fulfilled");
  assertEquals([joined.length, b.status.subscribed, b.status.unsubscribed], [5, 5, 5]);
  assert(b.codes().includes("SubscribeFailed"));
  for (const number of numbers(10)) await a.emit([number], room(number));
  await until(() => b.heard.length >= 5);
  await sleep(50);
  assertEquals(b.heard, joined);
  for (const number of joined) await b.client.rpc.leave({ room: room(number) });
  await until(() => b.status.subscribed === 5 && b.status.unsubscribed === 0);
});

const users = (permissions: string): string =>
  `authorization { users = [ { user: node, password: x, permissions: { ${permissions} } }, ` +
  `{ user: free, password: x } ] }`;
const NODE = { user: "node", pass: "x" };
const FREE = { user: "free", pass: "x" };

for (const noEcho of [true, false]) {
  test(
    `publishing on NATS is denied, noEcho: ${noEcho}: each event counts as failed, and is reported`,
    {
      skip,
    },
    async () => {
      await using server = await startNats(users(`publish: { deny: ">" }`));
      await using a = await natsNode(server.port, { ...NODE, noEcho });
      for (const number of numbers(4)) {
        for (const each of numbers(5)) {
          await a.client.rpc.say({ room: room(number), from: 0, first: each, count: 1 });
        }
      }
      await until(() => a.status.failed === 20);
      assertEquals([a.status.published, a.status.link], [20, "up"]);
      const told = a.errors.filter(({ code }) => code === "PublishFailed");
      assertEquals(told[0]!.topic?.key, room(0).key);
    },
  );
}

test("revoking the permission for one subject of NATS affects that topic alone, and is reported", {
  skip,
}, async () => {
  const path = await configuration(users(`subscribe: { allow: ">" }`));
  await using server = await NatsServer.start(found ?? "", "-c", path);
  await using a = await natsNode(server.port, FREE);
  await using b = await natsNode(server.port, NODE, [LOBBY, room(1)]);
  await twentyCome(a, b);
  await writeFile(path, users(`subscribe: { deny: "hardlight.rooms.s.cm9vbSAx" }`));
  server.reload();
  await until(() => b.status.subscribed === 1);
  await until(() => b.codes().includes("SubscribeFailed"));
  assertEquals(b.errors.find(({ code }) => code === "SubscribeFailed")!.topic?.key, room(1).key);
  await twentyCome(a, b);
  await writeFile(path, users(`subscribe: { allow: ">" }`));
  server.reload();
  await until(() => b.status.subscribed === 2);
  await untilHeard(a, b, room(1));
  await until(() => b.missed.some(({ topics }) => topics.some(({ key }) => key === room(1).key)));
});

test("a max_payload below 64 KiB costs no burst", { skip }, async () => {
  await using server = await startNats("max_payload: 16384");
  await using a = await natsNode(server.port);
  await using b = await natsNode(server.port, {}, [LOBBY]);
  await a.client.rpc.say({ room: LOBBY, from: 0, first: 0, count: 5000 });
  await until(() => b.heard.length === 5000);
  assertEquals(b.heard, numbers(5000));
});

test("a topic that does not fit a line of NATS fails alone", { skip }, async () => {
  await using server = await startNats("max_control_line: 512");
  await using a = await natsNode(server.port, { reconnectTimeWait: 50 });
  await using b = await natsNode(server.port, { reconnectTimeWait: 50 }, [LOBBY]);
  const long = Topic.from("x".repeat(800));
  await assertRejects(() => b.client.rpc.join({ room: long }));
  await until(() => b.status.link === "up" && b.status.subscribed === 1);
  await twentyCome(a, b);
  await a.emit([7], long);
  await until(() => a.codes().includes("LinkDown") && a.status.link === "up");
  await a.emit([8], long);
  await until(() => a.status.failed === 1);
  await twentyCome(a, b);
  assertEquals([b.status.link, b.status.subscribed, b.status.unsubscribed], ["up", 1, 1]);
});

test(
  "a connection that gives up, or is refused for good, is down for good, and its cause is reported",
  {
    skip,
  },
  async () => {
    const path = await configuration(users(`subscribe: { allow: ">" }`));
    await using server = await NatsServer.start(found ?? "", "-c", path);
    const options = { maxReconnectAttempts: 2, reconnectTimeWait: 20 };
    await using a = await natsNode(server.port, { ...NODE, ...options });
    await using b = await natsNode(server.port, { ...NODE, reconnectTimeWait: 20 });
    await writeFile(path, `authorization { users = [ { user: other, password: y } ] }`);
    server.reload();
    await until(() => b.status.final);
    await server.kill();
    await until(() => a.status.final);
    for (const node of [a, b]) {
      const last = node.errors.at(-1)!;
      assertEquals([last.code, last.final], ["LinkDown", true]);
      assert(last.cause instanceof Error);
    }
  },
);

test(
  "a node that starts while NATS is down comes up with it, and says no more than that it is down",
  {
    skip,
  },
  async () => {
    await using server = await startNats();
    const nats = await connect({
      port: server.port,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    await server.kill();
    const opened = localNode(natsBroker(nats), LOBBY);
    await sleep(200);
    await server.start();
    await using a = await opened;
    await using b = await natsNode(server.port);
    await twentyCome(b, a);
    assertEquals(a.codes().filter((code) => !code.startsWith("Link")), []);
    await nats.close();
  },
);

test("nodes change their prefix one after the other and hear each other all the while", {
  skip,
}, async () => {
  await using server = await startNats();
  const [old, next] = ["hardlight.", "hardlight.rooms."];
  const at = (prefix: string, also: string[] = []): Promise<LocalNode> =>
    natsNode(server.port, {}, [LOBBY], { prefix, also });
  await using a = await at(old);
  await using b = await at(old, [next]);
  await twentyCome(a, b);
  await twentyCome(b, a);
  await using c = await at(next, [old]);
  await twentyCome(b, c);
  await twentyCome(c, b);
  await using d = await at(next);
  await twentyCome(c, d);
  await twentyCome(d, c);
});

test(
  "one forged message under a node's id and with a high number costs a second of its events, told",
  {
    skip,
  },
  async () => {
    await using server = await startNats();
    await using a = await natsNode(server.port);
    await using b = await natsNode(server.port, {}, [LOBBY]);
    const stranger = await connect({ port: server.port });
    const subject = "hardlight.rooms.s.bG9iYnk";
    const seen: Uint8Array[] = [];
    stranger.subscribe(subject, { callback: (_, { data }) => void seen.push(data) });
    await stranger.flush();
    await twentyCome(a, b);
    for (const number of [2 ** 53 - 1, 1_000_000]) {
      const forged = new Uint8Array(seen.at(-1)!);
      const view = new DataView(forged.buffer);
      view.setUint32(16, number, true);
      view.setUint32(20, Math.floor(number / 2 ** 32), true);
      stranger.publish(subject, forged);
    }
    await stranger.flush();
    await until(() => b.codes().includes("EventsMissed") && b.codes().includes("BadMessage"));
    await untilHeard(a, b);
    await twentyCome(a, b);
  },
);

for (const noEcho of [true, false]) {
  test(`rights to a service's own subjects, as documented, are enough, noEcho: ${noEcho}`, {
    skip,
  }, async () => {
    const own = `publish: "hardlight.rooms.>", subscribe: "hardlight.rooms.>"`;
    await using server = await startNats(users(own));
    await using a = await natsNode(server.port, { ...NODE, noEcho });
    await using b = await natsNode(server.port, { ...NODE, noEcho }, [LOBBY]);
    await twentyCome(a, b);
    await until(() => a.status.proofAgeMs !== undefined && b.status.proofAgeMs !== undefined);
    assertEquals([a.errors, b.errors], [[], []]);
  });
}

test("services with an equal event type and topic do not hear each other on the default prefix", {
  skip,
}, async () => {
  await using server = await startNats();
  const nats = await connect({ port: server.port });
  const Other = service({ ...RoomsDefinition, name: "payments" });
  await using other = await memoryPair(Other, rooms(() => undefined), {
    server: { broker: natsBroker(nats) },
  });
  await until(() => other.server.broker?.link === "up");
  await other.client.rpc.join({ room: LOBBY });
  await using a = await natsNode(server.port);
  await using b = await natsNode(server.port, {}, [LOBBY]);
  await twentyCome(a, b);
  const { received, late, bad, otherVersion } = other.server.broker!;
  assertEquals([received, late, bad, otherVersion], [0, 0, 0, 0]);
  await nats.close();
});

test("a service without a name, and a broker without a prefix, are refused by serve()", {
  skip,
}, async () => {
  await using server = await startNats();
  const nats = await connect({ port: server.port });
  const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
  const Nameless = service({ ...RoomsDefinition, name: "service" });
  const start = (prefix?: string) =>
    serve(Nameless, { ...options, broker: natsBroker(nats, { prefix }) }, rooms(() => undefined));
  await assertRejects(() => start(), TypeError);
  await (await start("nameless.")).close();
  await nats.close();
});
