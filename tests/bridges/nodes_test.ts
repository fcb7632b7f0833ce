import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { ConnectError } from "../../wire/errors.ts";
import { Topic } from "../../wire/topic.ts";
import { type Program, start, THIS_RUNTIME } from "../support/runtimes.ts";
import { type EngineId, findServer } from "./engines.ts";
import { until } from "../support/until.ts";
import { Member, numbers, sleep } from "./members.ts";
import { NextRooms, Rooms } from "./rooms.ts";

/** The runtimes of the nodes. */
const RUNTIME = THIS_RUNTIME === "node" ? "deno" : THIS_RUNTIME;
const LOBBY = Topic.from("lobby");

for (const engine of ["nats", "redis"] satisfies EngineId[]) {
  const { start: startServer, skip } = findServer(engine);
  const node = (port: number, version = ""): Promise<Program> =>
    start(RUNTIME, "bridges/node.ts", engine, String(port), version);

  test(
    `three nodes over ${engine}: events reach everyone once and in each emitter's order; a node is killed`,
    {
      skip,
    },
    async () => {
      await using server = await startServer();
      const nodes = await Promise.all([node(server.port), node(server.port), node(server.port)]);
      await using _a = nodes[0]!;
      await using _b = nodes[1]!;
      const members = await Promise.all(
        [...nodes, ...nodes].map((each) => Member.at(each.firstLine, LOBBY)),
      );
      await Promise.all(members.map(async ({ client }, from) => {
        for (let first = 0; first < 200; first += 20) {
          await client.rpc.say({ room: LOBBY, from, first, count: 20 });
        }
      }));
      await until(() => members.every(({ heard }) => heard.length >= 1200));
      for (const member of members) {
        for (const from of members.keys()) assertEquals(member.from(from), numbers(200));
      }
      nodes[2]!.child.kill("SIGKILL");
      await members[0]!.client.rpc.say({ room: LOBBY, from: 9, first: 0, count: 5 });
      const left = members.filter((_, i) => i % 3 !== 2);
      await until(() => left.every((member) => member.from(9).length === 5));
      for (const member of members) await member.client.close();
    },
  );

  test(`${engine} is killed and returns under load: local goes on, the rest comes back by itself`, {
    skip,
  }, async () => {
    await using server = await startServer();
    await using first = await node(server.port);
    await using second = await node(server.port);
    await using a = await Member.at(first.firstLine, LOBBY);
    await using near = await Member.at(first.firstLine, LOBBY);
    await using far = await Member.at(second.firstLine, LOBBY);
    let next = 0;
    let talking = true;
    const talk = (async () => {
      while (talking) {
        await a.client.rpc.say({ room: LOBBY, from: 1, first: next, count: 5 });
        next += 5;
        await sleep(2);
      }
    })();
    await until(() => far.heard.length > 50);
    await server.kill();
    await until(async () => (await a.status()).link === "down");
    const heard = near.heard.length;
    await until(() => near.heard.length > heard + 100);
    const { dropped, unsubscribed } = await a.status();
    assert(dropped > 0);
    assertEquals(unsubscribed, 1);
    await server.start();
    await until(async () => (await far.status()).subscribed === 1);
    await until(async () => (await a.status()).link === "up");
    const farHeard = far.heard.length;
    await until(() => far.heard.length > farHeard + 50);
    talking = false;
    await talk;
    await until(() => near.heard.length === next);
    assertEquals(near.from(1), numbers(next));
    const order = far.from(1);
    assertEquals(order, [...new Set(order)].sort((x, y) => x - y));
  });

  test(`a link of ${engine} that dies without a word is found out, and comes back`, {
    skip,
  }, async () => {
    await using server = await startServer();
    await using first = await node(server.port);
    await using second = await node(server.port);
    await using a = await Member.at(first.firstLine, LOBBY);
    await using b = await Member.at(second.firstLine, LOBBY);
    server.pause();
    await a.client.rpc.say({ room: LOBBY, from: 1, first: 0, count: 3 });
    await until(() => a.heard.length === 3);
    for (const each of [a, b]) await until(async () => (await each.status()).link === "down");
    server.resume();
    await until(async () => (await a.status()).subscribed + (await b.status()).subscribed === 2);
    await a.client.rpc.say({ room: LOBBY, from: 2, first: 0, count: 3 });
    await until(() => b.from(2).length === 3);
    assertEquals(b.from(2), numbers(3));
  });

  test(`a deploy over ${engine}: a node closes, its clients go to the other and hear on`, {
    skip,
  }, async () => {
    await using server = await startServer();
    const old = await node(server.port);
    await using next = await node(server.port);
    const urls = [old.firstLine];
    const members = await Promise.all(
      numbers(10).map(async () => {
        const client = await connect(Rooms, () => urls[0] ?? "", {
          onConnect: async ({ rpc }) => {
            await rpc.join({ room: LOBBY });
          },
        });
        return new Member(client);
      }),
    );
    await using talker = await Member.at(next.firstLine);
    urls[0] = next.firstLine;
    const underWay = members.map(({ client }) => client.rpc.wait({ ms: 300 }));
    await sleep(50);
    const closed = old[Symbol.asyncDispose]();
    await Promise.all(underWay);
    await closed;
    await until(async () => (await talker.status()).connections === members.length + 1);
    await until(() => members.every(({ client }) => client.status.state === "open"));
    await talker.client.rpc.say({ room: LOBBY, from: 1, first: 0, count: 3 });
    await until(() => members.every((member) => member.from(1).length === 3));
    for (const member of members) await member.client.close();
  });

  test(`two versions on one ${engine}: neither hears the other's events, nor garbage`, {
    skip,
  }, async () => {
    await using server = await startServer();
    await using old = await node(server.port);
    await using next = await node(server.port, "next");
    await using a = await Member.at(old.firstLine, LOBBY);
    await using near = await Member.at(old.firstLine, LOBBY);
    const b = await connect(NextRooms, next.firstLine);
    await b.rpc.join({ room: LOBBY });
    const events = b.events();
    const status = async () => JSON.parse(await b.rpc.status());
    await a.client.rpc.say({ room: LOBBY, from: 7, first: 0, count: 3 });
    await until(async () => (await status()).otherVersion === 3);
    await b.rpc.say({ room: LOBBY, from: 8, first: 0, count: 2 });
    await until(async () => (await a.status()).otherVersion === 2);
    await until(() => near.heard.length === 3);
    assertEquals((await events.next()).value?.payload, { type: "said", number: 0, from: 8 });
    assertEquals(near.heard, ["7:0", "7:1", "7:2"]);
    const { bad, received } = await status();
    assertEquals([bad, received, (await a.status()).bad], [0, 0, 0]);
    const error = await assertRejects(() => connect(Rooms, next.firstLine), ConnectError);
    assertEquals(error.code, "SchemaMismatch");
    await events.return?.();
    await b.close();
  });

  test(`nodes on Deno and on Bun over one ${engine} hear each other`, { skip }, async () => {
    await using server = await startServer();
    const port = String(server.port);
    await using deno = await start("deno", "bridges/node.ts", engine, port, "");
    await using bun = await start("bun", "bridges/node.ts", engine, port, "");
    await using a = await Member.at(deno.firstLine, LOBBY);
    await using b = await Member.at(bun.firstLine, LOBBY);
    await a.client.rpc.say({ room: LOBBY, from: 1, first: 0, count: 2000 });
    await b.client.rpc.say({ room: LOBBY, from: 2, first: 0, count: 2000 });
    for (const member of [a, b]) {
      await until(() => member.heard.length === 4000);
      assertEquals([member.from(1), member.from(2)], [numbers(2000), numbers(2000)]);
    }
  });
}
