import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { returnOf } from "../../client/reconnect.ts";
import { formatFingerprint } from "../../wire/handshake.ts";
import { createCore } from "../../server/server_core.ts";
import type { Deflater } from "../../wire/deflater.ts";
import type { Upgrade } from "../../wire/transport.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { call, Demo, type Setup, setUp, turn } from "./support.ts";
import { deferred } from "../support/deferred.ts";

const PEER = { address: "test" };
const BROWSER = "hl.2, hl.2.c3, hl.2.no";

async function decide(
  setup: Setup,
  headers: Record<string, string>,
  path?: string,
): Promise<string> {
  const decision = await setup.core.acceptor.upgrade(upgradeRequest(headers, path), PEER);
  if (decision instanceof Response) {
    return `${decision.status} ${decision.headers.get("x-hl-refused")}`;
  }
  if (decision.protocol !== "hl.2.no") {
    const { protocol, headers, extension } = decision;
    const agreed = extension === 0 ? "" : ` x${extension}`;
    // By the header or by the subprotocol, and never by both.
    assertEquals(headers["x-hl-x"], protocol === "hl/2" && extension === 1 ? "1" : undefined);
    return `${protocol} ${headers["x-hl-compress"]}${agreed}`;
  }
  return `close ${new ScriptedClient().open(decision).closedWith?.code}`;
}

const fingerprint = formatFingerprint(Demo.fingerprint);
const other = fingerprint.replace(/^.{16}/, "0123456789abcdef");

type Case = readonly [what: string, headers: Record<string, string>, path: string, answer: string];
const CASES: readonly Case[] = [
  ["hl/2", {}, "/", "hl/2 6"],
  ["hl/2 at a level", { "x-hl-compress": "0" }, "/any/path?x=1", "hl/2 0"],
  ["a list with hl/2", { "sec-websocket-protocol": "chat,hl/2" }, "/", "hl/2 6"],
  ["a browser", { "sec-websocket-protocol": BROWSER }, "/", "hl.2 3"],
  ["the alias alone", { "sec-websocket-protocol": "hl.2" }, "/", "hl.2 6"],
  ["both names", { "sec-websocket-protocol": "hl.2, hl/2, hl.2.no" }, "/", "hl/2 6"],
  ["hl/2 and an extension", {}, "/?hl-x=1", "hl/2 6 x1"],
  ["hl/2 and a later extension", {}, "/?hl-x=7", "hl/2 6 x1"],
  ["hl/2 and an invalid extension", {}, "/?hl-x=one", "hl/2 6"],
  [
    "a browser and an extension",
    { "sec-websocket-protocol": "hl.2, hl.2.x1, hl.2.c0, hl.2.no" },
    "/?hl-x=1",
    "hl.2.x1 0 x1",
  ],
  ["a browser and a later one", { "sec-websocket-protocol": "hl.2, hl.2.x2" }, "/", "hl.2 6"],
  ["an alias and a query", { "sec-websocket-protocol": "hl.2" }, "/?hl-x=1", "hl.2 6"],
  ["another version", { "sec-websocket-protocol": "hl/1" }, "/", "400 ProtocolMismatch"],
  ["another case", { "sec-websocket-protocol": "HL/2" }, "/", "400 ProtocolMismatch"],
  ["no protocol", { "sec-websocket-protocol": "" }, "/", "400 ProtocolMismatch"],
  ["an extension alone", { "sec-websocket-protocol": "hl.2.x1" }, "/", "400 ProtocolMismatch"],
  [
    "an extension and a query",
    { "sec-websocket-protocol": "hl.2.x1" },
    "/?hl-x=1",
    "400 ProtocolMismatch",
  ],
  [
    "an extension and a refusal",
    { "sec-websocket-protocol": "hl.2.x1, hl.2.no" },
    "/",
    "close 4002",
  ],
  ["a refusal alone", { "sec-websocket-protocol": "hl.2.no" }, "/", "close 4002"],
  ["its own origin", { origin: "https://localhost:1" }, "/", "hl/2 6"],
  [
    "its own origin, port unsaid",
    { origin: "https://a.example", host: "a.example:443" },
    "/",
    "hl/2 6",
  ],
  ["an allowed origin", { origin: "https://b.example" }, "/", "hl/2 6"],
  ["another origin", { origin: "https://evil.example" }, "/", "403 OriginRefused"],
  ["no origin to speak of", { origin: "null" }, "/", "403 OriginRefused"],
  ["another port", { origin: "https://localhost:2" }, "/", "403 OriginRefused"],
  [
    "another origin's browser",
    { origin: "https://e.x", "sec-websocket-protocol": BROWSER },
    "/",
    "close 4403",
  ],
  ["the same service", {}, `/?hl=${fingerprint}`, "hl/2 6"],
  ["another service", {}, `/?hl=${other}`, "400 SchemaMismatch"],
  ["a garbled service", {}, "/?hl=x", "400 ProtocolMismatch"],
  ["a service in upper case", {}, `/?hl=${fingerprint.toUpperCase()}`, "400 ProtocolMismatch"],
  ["two thirds of a service", {}, `/?hl=${fingerprint.slice(17)}`, "400 ProtocolMismatch"],
  ["a garbled service's browser", { "sec-websocket-protocol": BROWSER }, "/?hl=x", "close 4002"],
  [
    "another service's browser",
    { "sec-websocket-protocol": BROWSER },
    `/?hl=${other}`,
    "close 4010",
  ],
];

for (const [what, headers, path, answer] of CASES) {
  test(`ServiceAcceptor.upgrade() of ${what}: ${answer}`, async () => {
    const setup = setUp({ origins: ["https://b.example"] });
    assertEquals(await decide(setup, headers, path), answer);
  });
}

test("a mismatch says what differs", async () => {
  const response = await setUp().core.acceptor.upgrade(upgradeRequest({}, `/?hl=${other}`), PEER);
  assert(response instanceof Response);
  const text = await response.text();
  assertEquals([text.includes("methods"), text.includes("state")], [true, false]);
});

test("authorize() gives the handler its auth, or refuses", async () => {
  const seen: unknown[] = [];
  const setup = setUp({
    authorize: async (request) => {
      const user = request.headers.get("x-user");
      await undefined;
      if (user === "throw") throw new Error("secret");
      if (user === "own") return new Response("pay first", { status: 402 });
      return user === null ? false : { user };
    },
  }, ({ auth }) => seen.push(auth));
  assertEquals(await decide(setup, {}), "401 Unauthorized");
  assertEquals(await decide(setup, { "sec-websocket-protocol": BROWSER }), "close 4401");
  assertEquals(await decide(setup, { "x-user": "own" }), "402 null");
  assertEquals(
    await decide(setup, { "x-user": "own", "sec-websocket-protocol": BROWSER }),
    "close 4401",
  );
  assertEquals(await decide(setup, { "x-user": "throw" }), "500 BadHandshake");
  assertEquals(
    await decide(setup, { "x-user": "throw", "sec-websocket-protocol": BROWSER }),
    "close 4011",
  );
  assertEquals(setup.errors.map(({ context }) => context.where), ["authorize", "authorize"]);
  const client = await ScriptedClient.connect(setup.core, upgradeRequest({ "x-user": "ann" }));
  assertEquals(seen, [{ user: "ann" }]);
  client.hangUp();
});

test("a pending authorize() when the server closes refuses, and leaves no timer", async () => {
  const setup = setUp({ authorize: () => new Promise<boolean>(() => {}) });
  const decisions = [decide(setup, {}), decide(setup, { "sec-websocket-protocol": BROWSER })];
  await setup.core.close();
  assertEquals(await Promise.all(decisions), ["503 TooBusy", "close 4013"]);
  assertEquals([setup.clock.pending, setup.errors], [0, []]);
});

test("authorize() that does not answer within handshakeTimeoutMs refuses, and frees its place", async () => {
  const setup = setUp({
    limits: { maxAuthorizations: 1, handshakeTimeoutMs: 500 },
    authorize: () => new Promise<boolean>(() => {}),
  });
  for (const [protocol, refusal] of [["hl/2", "503 TooBusy"], [BROWSER, "close 4013"]] as const) {
    const decision = decide(setup, { "sec-websocket-protocol": protocol });
    setup.clock.advance(499);
    assertEquals(await decide(setup, { "sec-websocket-protocol": protocol }), refusal);
    assertEquals(setup.errors.length, protocol === "hl/2" ? 0 : 1);
    setup.clock.advance(1);
    assertEquals([await decision, setup.clock.pending], [refusal, 0]);
  }
  assertEquals(setup.errors.map(({ context }) => context.where), ["authorize", "authorize"]);
});

const ORIGINS: Readonly<Record<string, readonly (readonly [origin: string, answer: boolean])[]>> = {
  "http://localhost:1": [
    ["http://localhost:1", true],
    ["https://localhost:1", true],
    ["foo://localhost:1", false],
    ["capacitor://localhost", true],
    ["capacitor://localhost:1", false],
    ["chrome-extension://abcdefghijklmnop", true],
    ["null", true],
    ["https://sub.b.example", false],
  ],
  "https://localhost:1": [
    // Anyone on the network path of a page without TLS can replace it.
    ["http://localhost:1", false],
    ["https://localhost:1", true],
    ["ws://localhost:1", false],
    ["capacitor://localhost", true],
  ],
};

for (const [server, cases] of Object.entries(ORIGINS)) {
  for (const [origin, allowed] of cases) {
    test(`a page of ${origin} ${allowed ? "may" : "may not"} connect to ${server}`, async () => {
      const setup = setUp({
        origins: ["capacitor://localhost", "chrome-extension://abcdefghijklmnop", "null"],
      });
      const headers = { origin, host: "localhost:1", "sec-websocket-protocol": "hl/2" };
      const decision = await setup.core.acceptor.upgrade(new Request(server, { headers }), PEER);
      assertEquals(!(decision instanceof Response), allowed);
    });
  }
}

test("origins as a function decides by true alone", async () => {
  const answers: Record<string, unknown> = {
    "https://yes.example": true,
    "https://no.example": false,
    "https://truthy.example": "yes",
    "https://late.example": Promise.resolve(true),
    "https://failing.example": Promise.reject(new Error("late")),
  };
  const setup = setUp({ origins: (origin) => answers[origin] as boolean });
  const decided: string[] = [];
  for (const origin of Object.keys(answers)) decided.push(await decide(setup, { origin }));
  const refused = "403 OriginRefused";
  assertEquals(decided, ["hl/2 6", refused, refused, refused, refused]);
  assertEquals(
    setup.errors.map(({ error }) => error instanceof TypeError),
    [false, true, true, true],
  );
});

test("a refused origin is reported once, with the option that would allow it", async () => {
  const setup = setUp();
  for (let i = 0; i < 3; i++) await decide(setup, { origin: "https://e.x" });
  await decide(setup, { origin: "https://f.x" });
  assertEquals(
    setup.errors.map(({ context }) => context.where),
    ["origin", "origin"],
  );
  const [first] = setup.errors.map(({ error }) => String(error));
  assert(first?.includes("https://e.x") && first.includes("origins"));
  for (let i = 0; i < 1000; i++) await decide(setup, { origin: `https://${i}.x` });
  assertEquals(setup.errors.length, 64);
});

for (
  const origin of [
    "https://*.example.com",
    "*",
    "https://a.example/",
    "a.example",
    "https://A.example",
  ]
) {
  test(`"${origin}" in origins is refused`, () => {
    const error = assertThrows(() => setUp({ origins: [origin] }), TypeError);
    assertEquals(error.message.includes("give a function"), origin.includes("*"));
  });
}

test("hosts are the names that a server answers to", async () => {
  const setup = setUp({ hosts: ["localhost", "127.0.0.1:8080", "[::1]"] });
  const hosts = {
    "localhost:1": true,
    "LOCALHOST": true,
    "127.0.0.1:8080": true,
    "127.0.0.1:81": false,
    "[::1]:9": true,
    "evil.example:1": false,
    "localhost.evil.example": false,
    "": false,
  };
  for (const [host, answers] of Object.entries(hosts)) {
    const origin = `http://${host || "localhost"}`;
    const answer = answers ? "hl/2 6" : "403 OriginRefused";
    assertEquals(await decide(setup, { host, origin }), answer, host);
  }
  const told = setup.errors.map(({ error }) => String(error));
  assert(told[1]?.includes(`host "evil.example:1" was refused`) && told[1].includes("in hosts"));
  assertEquals(told.length, 4);
  for (const host of ["*.example.com", "http://localhost", "localhost/", ""]) {
    assertThrows(() => setUp({ hosts: [host] }), TypeError);
  }
});

class OtherResponse {
  readonly status = 403;
  readonly headers = new Map<string, string>();
  readonly body = null;
}

const MEANT_AS_NO: Readonly<Record<string, unknown>> = {
  "another library's Response": new OtherResponse(),
  "another realm's Response": { [Symbol.toStringTag]: "Response" },
  "Node's own kind of answer": { statusCode: 403, headers: {} },
  "a status alone": { status: 403 },
  "a function's answer": { statusCode: 403, body: "no" },
  "an Error": new Error("no"),
  "a Response that was sent": Object.assign(new Response("no", { status: 403 }), {}),
};

for (const [what, answer] of Object.entries(MEANT_AS_NO)) {
  test(`authorize() refuses a client by ${what}, and onError is notified`, async () => {
    if (answer instanceof Response) await answer.text();
    const setup = setUp({ authorize: () => answer });
    assertEquals(await decide(setup, {}), "500 BadHandshake");
    assertEquals(setup.errors.map(({ context }) => context.where), ["authorize"]);
    assert(setup.errors[0]?.error instanceof TypeError);
  });
}

test("authorize() may not answer one Response twice", async () => {
  const answer = new Response("no", { status: 403 });
  const setup = setUp({ authorize: () => answer });
  assertEquals([await decide(setup, {}), await decide(setup, {})], [
    "403 null",
    "500 BadHandshake",
  ]);
  const page = new Response("no", { status: 403 });
  const pages = setUp({ authorize: () => page });
  const browser = { "sec-websocket-protocol": BROWSER };
  assertEquals([await decide(pages, browser), await decide(pages, browser)], [
    "close 4401",
    "close 4401",
  ]);
  const empty = new Response(null, { status: 403 });
  const other = setUp({ authorize: () => empty });
  assertEquals([await decide(other, {}), await decide(other, {})], ["403 null", "403 null"]);
});

for (const answer of [undefined, null, 0, "", false]) {
  test(`authorize() refuses by ${JSON.stringify(answer)}`, async () => {
    assertEquals(await decide(setUp({ authorize: () => answer as never }), {}), "401 Unauthorized");
  });
}

test("ServiceAcceptor refuses the connection over maxConnections, however it got there", async () => {
  const setup = setUp({ limits: { maxConnections: 1 } });
  const early = await setup.core.acceptor.upgrade(upgradeRequest(), PEER) as Upgrade;
  const client = await ScriptedClient.connect(setup.core);
  assertEquals(await decide(setup, {}), "503 TooBusy");
  assertEquals(await decide(setup, { "sec-websocket-protocol": BROWSER }), "close 4013");
  assertEquals(new ScriptedClient().open(early).closedWith?.code, 4013);
  client.hangUp();
  assertEquals(await decide(setup, {}), "hl/2 6");
});

test("close() lets calls finish, then closes with 4001, and accepts nothing", async () => {
  const setup = setUp();
  const busy = await ScriptedClient.connect(setup.core);
  const idle = await ScriptedClient.connect(setup.core);
  const { promise, resolve } = deferred<number>();
  setup.script = () => promise;
  busy.call(1, call.run, { script: "" });
  const closed = setup.core.close({ deadlineMs: 10_000 });
  assertEquals(setup.core.close(), closed);
  assertEquals(await decide(setup, {}), "503 TooBusy");
  await turn();
  assertEquals([idle.closedWith?.code, busy.closedWith], [4001, undefined]);
  resolve(6);
  await closed;
  assertEquals(busy.take(), ["response 1 06000000"]);
  assertEquals([busy.closedWith?.code, setup.core.connections], [4001, 0]);
});

test("close() never hangs on a call that does not finish or a peer that does not answer", async () => {
  const setup = setUp({ limits: { closeTimeoutMs: 5000 } });
  const client = await ScriptedClient.connect(setup.core);
  client.answersClose = false;
  setup.script = () => new Promise(() => {});
  client.call(1, call.run, { script: "" });
  const closed = setup.core.close({ deadlineMs: 3000 });
  await turn();
  setup.clock.advance(2999);
  await turn();
  assertEquals(client.closedWith, undefined);
  setup.clock.advance(1);
  await turn();
  assertEquals([client.closedWith?.code, client.terminated], [4001, 0]);
  setup.clock.advance(5000);
  await closed;
  assertEquals([client.closedWith?.code, client.terminated, setup.core.connections], [4001, 1, 0]);
  await sleep(0);
  assertEquals(client.terminated, 1);
});

for (
  const [asked, maxLevel, spent] of [[9, undefined, 6], [3, undefined, 3], [9, 9, 9], [
    6,
    0,
    0,
  ]] as const
) {
  test(`maxLevel ${maxLevel}: a client that asks for level ${asked} is sent level ${spent}`, async () => {
    const levels: number[] = [];
    const deflater: Deflater = {
      ...testDeflater,
      deflate(bytes, level) {
        levels.push(level);
        return testDeflater.deflate(bytes, level);
      },
    };
    const core = createCore(
      Demo,
      { maxLevel },
      () => ({
        nothing() {},
        add() {},
        get: () => 0,
        run: () => 0,
        big: () => new Uint8Array(70_000),
      }),
      deflater,
    );
    const request = upgradeRequest({ "x-hl-compress": `${asked}` });
    const upgrade = await core.acceptor.upgrade(request, PEER);
    assert(!(upgrade instanceof Response));
    assertEquals(upgrade.headers["x-hl-compress"], `${asked}`);
    const client = new ScriptedClient().open(upgrade);
    client.call(1, call.big, {});
    await turn();
    // Stored messages need no deflater.
    assertEquals(levels, spent === 0 ? [] : [spent]);
    assert(client.received[0]!.length > 2 * 70_000);
    await core.close({ deadlineMs: 0 });
  });
}

for (const maxLevel of [-1, 10, 1.5, NaN]) {
  test(`maxLevel ${maxLevel} is refused`, () => {
    assertThrows(() => setUp({ maxLevel }), RangeError);
  });
}

test("close() decides and closes in one step: a call is answered, or it never ran", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const setup = setUp();
    const client = await ScriptedClient.connect(setup.core);
    let closed: Promise<void> | undefined;
    let slow: ((value: number) => void) | undefined;
    setup.script = () => {
      closed ??= setup.core.close({ deadlineMs: 10_000 });
      return 1;
    };
    client.call(1, call.run, { script: "" });
    setup.script = () => new Promise((resolve) => slow = resolve);
    for (let i = 0; i < turns; i++) await undefined;
    client.call(2, call.run, { script: "" });
    const ran = slow !== undefined;
    await turn();
    slow?.(2);
    await closed;
    const answers = ["response 1 01000000", ...(ran ? ["response 2 02000000"] : [])];
    assertEquals([client.take(), client.closedWith?.code], [answers, 4001], `${turns} turns`);
    assertEquals(returnOf(4001, client.closedWith?.reason ?? "")[1], true);
    assertEquals(setup.clock.pending, 0);
  }
});

test("close() does not say that all was answered when its deadline passed", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  setup.script = () => new Promise(() => {});
  client.call(1, call.run, { script: "" });
  const closed = setup.core.close({ deadlineMs: 3000 });
  await turn();
  setup.clock.advance(3000);
  await closed;
  assertEquals(returnOf(4001, client.closedWith?.reason ?? "")[1], false);
});

test("ServiceAcceptor refuses a client that says a senseless hl-max", async () => {
  const setup = setUp();
  for (const value of ["1.99999999", "1000", "x"]) {
    const request = upgradeRequest({}, `/?hl-max=${value}`);
    const answer = await setup.core.acceptor.upgrade(request, PEER);
    assertEquals(answer instanceof Response && answer.status, 400);
  }
  assertEquals(setup.core.stats().connectionsRefused, 3);
});
