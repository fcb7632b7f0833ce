/**
 * This version and the last one that knew no extension, each as a client and as a server: they talk, and where
 * one of them is the older, not a byte is other than between two of the older, but for the offer and what deflates.
 *
 * Not in memory: both ends of a pair are of one version.
 *
 * `before_x1.mjs` is a bundle of the four entries at commit 1a8795f, which exports `connectFromPage` for
 * `browser.ts`'s `connect`: esbuild 0.28.2, `--bundle --format=esm --minify --target=es2022 --external:node:*`.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { connect as connectFromPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import * as mod from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import type { SelfSigned } from "../../tls/self_signed.ts";
import { certificates } from "../support/certificates.ts";
import { serveByWs } from "../support/ws_server.ts";
import { type Exchange, record } from "./recorder.ts";

interface Version {
  readonly mod: Pick<typeof mod, "rpc" | "service" | "string" | "Topic" | "u32" | "RpcError">;
  readonly handler: typeof handler;
  readonly serve: typeof serve;
  readonly connect: typeof connect;
  readonly connectFromPage: typeof connectFromPage;
}

const before: unknown = await import("./before_x1.mjs");
const VERSIONS: Readonly<Record<"now" | "before", Version>> = {
  now: { mod, handler, serve, connect, connectFromPage },
  before: { ...(before as Version), mod: before as Version["mod"] },
};
type VersionName = keyof typeof VERSIONS;

type Mod = Version["mod"];

const Desk = deskOf(mod);

function deskOf({ rpc, service, string, u32 }: Mod): mod.Service<
  {
    add(args: { a: number; b: number }): number;
    say(args: { text: string }): string;
    count(): void;
    fail(): void;
  },
  { counter: number; last: string },
  string
> {
  return service({
    name: "Desk",
    rpc: {
      add: rpc({ a: u32, b: u32 }, u32),
      say: rpc({ text: string }, string),
      count: rpc(),
      fail: rpc(),
    },
    state: { counter: u32, last: string },
    event: string,
  });
}

function handlerOf({ Topic, RpcError }: Mod): HandlerOf<typeof Desk> {
  return ({ state, subscriptions, events }) => {
    subscriptions.add(Topic.from("said"));
    return {
      add: ({ a, b }) => a + b,
      say({ text }) {
        state.last = text;
        events.emit(Topic.from("said"), text);
        return text.toUpperCase();
      },
      async count() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        state.counter++;
      },
      fail() {
        throw new RpcError("ServerEncodeError", "as asked");
      },
    };
  };
}

interface Started extends AsyncDisposable {
  readonly port: number;
  /** Over TLS: its certificate. */
  readonly secure?: SelfSigned;
}

type Start = (version: Version) => Promise<Started>;

const STARTS: Record<string, Start> = {
  async "serve()"({ serve, mod }) {
    const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
    return await serve(deskOf(mod), options, handlerOf(mod));
  },
  async "serve() over TLS"({ serve, mod }) {
    const { server: secure } = await certificates();
    const options = { port: 0, hostname: "127.0.0.1", tls: secure } as const;
    const server = await serve(deskOf(mod), options, handlerOf(mod));
    return { port: server.port, secure, [Symbol.asyncDispose]: () => server.close() };
  },
};
if (serveByWs !== undefined) {
  STARTS["accept() of a socket of ws"] = async ({ handler, mod }) => {
    const mounted = handler(deskOf(mod), {}, handlerOf(mod));
    const { url, close } = await serveByWs!(mounted);
    return {
      port: Number(new URL(url).port),
      async [Symbol.asyncDispose]() {
        await mounted.close();
        await close();
      },
    };
  };
}
const { Deno: deno, Bun: bun } = globalThis as {
  readonly Deno?: typeof Deno;
  readonly Bun?: { serve(options: object): { readonly port: number; stop(): Promise<void> } };
};
if (deno?.serve !== undefined) {
  STARTS["a Deno.serve mount"] = ({ handler, mod }) => {
    const mounted = handler(deskOf(mod), {}, handlerOf(mod));
    const where = { port: 0, hostname: "127.0.0.1", onListen() {} };
    const server = deno.serve(where, (request, info) => mounted.fetch(request, info));
    return Promise.resolve({
      port: server.addr.port,
      async [Symbol.asyncDispose]() {
        await mounted.close();
        await server.shutdown();
      },
    });
  };
}
if (bun !== undefined) {
  STARTS["a Bun.serve mount"] = ({ handler, mod }) => {
    const mounted = handler(deskOf(mod), {}, handlerOf(mod));
    const server = bun.serve({ ...mounted, port: 0, hostname: "127.0.0.1" });
    return Promise.resolve({
      port: server.port,
      async [Symbol.asyncDispose]() {
        await mounted.close();
        await server.stop();
      },
    });
  };
}
type Dial = "connect" | "connectFromPage";
/** Node 20 has no WebSocket, as a page does. */
const DIALS: readonly Dial[] = "WebSocket" in globalThis
  ? ["connect", "connectFromPage"]
  : ["connect"];
/** A page trusts no certificate of a test. */
const dialsOf = (how: string): readonly Dial[] => how.endsWith("TLS") ? ["connect"] : DIALS;
const schemeOf = ({ secure }: Started): string => secure ? "wss" : "ws";
const trustIn = ({ secure }: Started) => secure && { tls: { ca: secure.cert } };
const LONG = "hardlight ".repeat(400);

/** One of each operation, one after the other; the client's results, and the bytes on the wire. */
async function talk(
  client: VersionName,
  dial: Dial,
  server: VersionName,
  start: Start,
): Promise<{ readonly seen: readonly unknown[]; readonly exchange: Exchange }> {
  await using started = await start(VERSIONS[server]);
  await using recording = await record(started.port, started.secure);
  const version = VERSIONS[client];
  const seen: unknown[] = [];
  {
    await using hl = await version[dial](
      deskOf(version.mod),
      `${schemeOf(started)}://127.0.0.1:${recording.port}/`,
      trustIn(started),
    );
    const events = hl.events();
    seen.push(await hl.rpc.add({ a: 1, b: 2 }));
    for (const text of ["short", LONG]) {
      seen.push(
        await hl.rpc.say({ text }),
        hl.state.current.last,
        (await events.next()).value?.payload,
      );
    }
    await hl.rpc.count();
    seen.push(hl.state.current.counter);
    const error = await assertRejects(() => hl.rpc.fail());
    seen.push((error as mod.RpcError).code);
    seen.push(await Promise.all([1, 2, 3].map((a) => hl.rpc.add({ a, b: a }))));
  }
  assertEquals(recording.exchanges.length, 1);
  return { seen, exchange: recording.exchanges[0]! };
}

/** Differences between any two connections, and those only in the offer. */
function withoutOffer(head: readonly string[]): string[] {
  return head
    .filter((line) => !/^(date|host|sec-websocket-(key|accept)):/i.test(line))
    .map((line) => line.replace(/[?&]hl-x=1(?= |&)/, "").replace(/, ?hl\.2\.x1\b/, ""));
}

/** A frame as it is, or inflated: how hard an encoder looks for repeats is no part of the protocol. */
function inflated(frame: string): string {
  const [first, payload = ""] = frame.split(" ");
  const bytes = Buffer.from(payload, "hex");
  const isStored = bytes.length === 0 || (bytes[0]! & 0b110) === 0;
  return first !== "82" || isStored
    ? frame
    : `${first} inflated ${inflateRawSync(bytes).toString("hex")}`;
}

function withoutOffers({ client, server }: Exchange): unknown {
  return {
    client: { head: withoutOffer(client.head), frames: client.frames.map(inflated) },
    server: { head: withoutOffer(server.head), frames: server.frames.map(inflated) },
  };
}

/** `add({ a: 1, b: 2 })` as a small message of the extension, and as one of `hl/2`. */
const SHORT_ADD = "82 07000903000000000100000002";
const LONG_ADD = `82 011800e7ff${
  "00000000 01000000 02000000 00000000 f0ffffff 0c000000".replaceAll(" ", "")
}`;

for (const [how, start] of Object.entries(STARTS)) {
  for (const dial of dialsOf(how)) {
    test(`${dial}() of this version and the one before, with ${how} of each`, async () => {
      const oldest = await talk("before", dial, "before", start);
      assertEquals(oldest.seen.length, 10);
      assert(oldest.exchange.client.frames.length >= 8);
      for (const [client, server] of [["before", "now"], ["now", "before"]] as const) {
        const { seen, exchange } = await talk(client, dial, server, start);
        assertEquals(seen, oldest.seen);
        assertEquals(
          withoutOffers(exchange),
          withoutOffers(oldest.exchange),
          `${client}, ${server}`,
        );
      }
      const { seen, exchange } = await talk("now", dial, "now", start);
      assertEquals(seen, oldest.seen);
      const answered = exchange.server.head.join("\n");
      assertEquals(/^x-hl-x: 1$/mi.test(answered), dial === "connect");
      assertEquals(
        /^sec-websocket-protocol: (.*)$/mi.exec(answered)?.[1],
        dial === "connect" ? "hl/2" : "hl.2.x1",
      );
      // add(1, 2): of the client, and of the server, which changes no state for it.
      assertEquals(exchange.client.frames[0], dial === "connect" ? SHORT_ADD : LONG_ADD);
      assertEquals(exchange.server.frames[0], "82 0700040003000000");
    });
  }
}

test("a service that streams, or calls its clients, is none that the version before serves, and one that it calls", async () => {
  const { stream, string, u32, rpc, service } = mod;
  const methods = { add: rpc({ a: u32, b: u32 }, u32) };
  const Streaming = service({
    name: "Desk",
    rpc: { ...methods, follow: rpc({}, stream(string)) },
  });
  const Calling = service({ name: "Desk", rpc: methods, client: { confirm: rpc() } });
  for (const [how, start] of Object.entries(STARTS)) {
    await using server = await start(VERSIONS.before);
    for (const dial of dialsOf(how)) {
      for (const asked of [Streaming, Calling]) {
        const options = asked === Calling ? { client: { confirm() {} } } : {};
        const url = `${schemeOf(server)}://127.0.0.1:${server.port}/`;
        const error = await assertRejects(
          () =>
            VERSIONS.now[dial](asked as typeof Calling, url, { ...options, ...trustIn(server) }),
          mod.ConnectError,
        );
        assertEquals(error.code, "SchemaMismatch", how);
      }
    }
  }
  // It can call the methods without streams of a newer server.
  await using server = await serve(
    Streaming,
    { port: 0, hostname: "127.0.0.1", tls: "plain" },
    () => ({ add: ({ a, b }) => a + b, *follow() {} }),
  );
  const { mod: older } = VERSIONS.before;
  const Before = older.service({
    name: "Desk",
    rpc: { add: older.rpc({ a: older.u32, b: older.u32 }, older.u32) },
  });
  for (const dial of DIALS) {
    await using client = await VERSIONS.before[dial](Before, `ws://127.0.0.1:${server.port}/`);
    assertEquals(await client.rpc.add({ a: 1, b: 2 }), 3);
  }
});
