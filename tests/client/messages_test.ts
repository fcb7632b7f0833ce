/** Messages of failed calls and of undecodable messages: what happened, and what to do next. */
import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import type { ConnectOptions } from "../../client/options.ts";
import { convert, type Schema, string, u32, u64, unit } from "../../codec/mod.ts";
import { type MethodsOf, rpc, service, type StateOf } from "../../service/mod.ts";
import { ConnectError, ProtocolError, RpcError } from "../../wire/errors.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";

const SECRET = "a secret of the page's";
const secret = convert(u32, {
  expected: "a number",
  decode: (): number => {
    throw new Error(SECRET);
  },
  encode: (value: number) => value,
});
const Shop = service({
  rpc: { count: rpc({}, u64), secret: rpc({}, secret) },
  state: { total: u32, name: string },
});

type Options = ConnectOptions<MethodsOf<typeof Shop>, StateOf<typeof Shop>>;

function connected(options: Options = {}) {
  const clock = new FakeClock();
  const { dial, peers } = fakeDialer(() => new FakePeer());
  const errors: Error[] = [];
  const client = createFullClient(
    Shop,
    "ws://test/",
    { onError: (error) => errors.push(error as Error), ...options },
    { dial, deflater: testDeflater, clock, random: () => 1 },
  );
  return { client, clock, peers, errors };
}

async function messageOf(call: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => call, RpcError)).message;
}

const UNANSWERED = "Cannot call count: the connection ended before the answer";
const RECONNECTING = "Cannot call count: the client is reconnecting";

test("calls without a connection fail with the reason of its absence", async () => {
  const { client, peers } = connected();
  const connecting = client.connect();
  assertEquals(
    await messageOf(client.rpc.count()),
    "Cannot call count: the client is connecting",
  );
  await connecting;
  const unanswered = client.rpc.count();
  peers[0]!.end(1006, "cut");
  assertEquals(await messageOf(unanswered), UNANSWERED);
  assertEquals(await messageOf(client.rpc.count()), RECONNECTING);
  await client.close();
  assertEquals(await messageOf(client.rpc.count()), "Cannot call count: the client is closed");
});

test("a connection that was closed without a reason has none in its message", async () => {
  const { client, peers, errors } = connected({ reconnect: false });
  await client.connect();
  const unanswered = client.rpc.count();
  peers[0]!.end(1011, "");
  assertEquals(await messageOf(unanswered), UNANSWERED);
  await client.close();
  assertEquals(errors.map(({ message }) => message), [
    "The connection was lost: it closed with 1011",
  ]);
});

test("a client that a signal ends before it was connected has the signal's reason as its cause", async () => {
  const reason = new Error("the user left");
  const { client } = connected({ signal: AbortSignal.abort(reason) });
  const error = await assertRejects(() => client.connect(), ConnectError);
  assertEquals([error.code, error.cause], ["Cancelled", reason]);
});

test("a deadline says how long was waited", async () => {
  const { client, clock } = connected();
  await client.connect();
  const [own, usual] = [client.rpc.count({}, { timeoutMs: 250 }), client.rpc.count()];
  const messages = [messageOf(own), messageOf(usual)];
  await Promise.resolve();
  clock.advance(40_000);
  assertEquals(await Promise.all(messages), [
    "Cannot call count: no answer came within 250 ms",
    "Cannot call count: no answer came within 30000 ms",
  ]);
  await client.close();
});

test("a message that is too big to be sent names the limit", async () => {
  const { client } = connected({ limits: { maxInflatedBytes: 8 } });
  await client.connect();
  assertEquals(
    await messageOf(client.rpc.count()),
    "Cannot call count: the message has 16 bytes, maxInflatedBytes is 8",
  );
  await client.close();
});

const ADVICE = "; does the server declare it alike?";

/** Messages of a server with other types, as a Rust server can have, whose fingerprint is not compared. */
const OTHERS: readonly (readonly [
  what: string,
  send: (peer: FakePeer, id: number) => void,
  says: string,
])[] = [
  [
    "a smaller output",
    (peer, id) => peer.reply(id, u32, 7),
    `Cannot take the output of count: expected a root of 8 bytes in the archive's 4, at a multiple of 8 at byte 4 (OutOfBounds)${ADVICE}`,
  ],
  [
    "fields of the state the other way round",
    (peer) => peer.state([0, string as Schema<unknown>, "a"], [1, u32 as Schema<unknown>, 1]),
    `Cannot take state.name: expected a root of 8 bytes in the archive's 4, at a multiple of 4 at byte 4 (OutOfBounds)${ADVICE}`,
  ],
  [
    "an invalid message",
    (peer) => peer.archive((writer) => void writer.bytes.fill(9, writer.reserve(24, 4), 24)),
    "Cannot take a message: expected the tag of a message, got 9 at byte 0 (InvalidTag)",
  ],
];

for (const [what, send, says] of OTHERS) {
  test(`${what}: the message says where, what was expected and what to compare`, async () => {
    const { client, peers, errors } = connected({ reconnect: false });
    await client.connect();
    const call = messageOf(client.rpc.count());
    send(peers[0]!, peers[0]!.requests[0]!.id);
    assertEquals(await call, what.endsWith("output") ? `Cannot call count: ${says}` : UNANSWERED);
    assertEquals(errors.map((error) => [error instanceof ProtocolError, error.message]), [
      [true, says],
    ]);
    assertEquals(peers[0]!.closedWith, { code: 4002, reason: says.slice(0, 123) });
    await client.close();
  });
}

test("an error of the program's conversion is not sent to the server", async () => {
  const { client, peers, errors } = connected({ reconnect: false });
  await client.connect();
  const call = messageOf(client.rpc.secret());
  peers[0]!.reply(peers[0]!.requests[0]!.id, u32, 7);
  const says = `Cannot take the output of secret: BadReply${ADVICE}`;
  assertEquals(await call, `Cannot call secret: ${says}`);
  assertEquals(peers[0]!.closedWith?.reason, says);
  assertEquals((errors[0]!.cause as Error).message, `Cannot decode: ${SECRET}`);
  await client.close();
});

test("a close says why in at most 123 bytes, and whole characters", async () => {
  const name = "é".repeat(100);
  const Long = service({ rpc: { get: rpc() }, state: { [name]: u32 } });
  const { dial, peers } = fakeDialer(() => new FakePeer());
  const options = { reconnect: false };
  const client = createFullClient(Long, "ws://test/", options, { dial, deflater: testDeflater });
  await client.connect();
  peers[0]!.state([0, unit as Schema<unknown>, undefined]);
  const start = "Cannot take state.";
  const fits = Math.floor((123 - start.length) / 2);
  assertEquals(peers[0]!.closedWith, { code: 4002, reason: start + "é".repeat(fits) });
  await client.close();
});
