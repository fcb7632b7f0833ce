/**
 * Several messages in one WebSocket message: by each way to serve and each client, as they go over the wire.
 */
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { Writer } from "../../codec/writer.ts";
import { storeBlocks } from "../../deflate/stored_blocks.ts";
import { connect as connectFromPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import { rpc, service, string, Topic, u32 } from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import { frame } from "../hostile/frames.ts";
import { RawClient } from "../support/raw_client.ts";
import { record, type Recording } from "../versions/recorder.ts";

/** Of several messages in one, as PROTOCOL.md says. */
const MAX_BATCH_BYTES = 16_384;

const Desk = service({
  rpc: {
    add: rpc({ a: u32, b: u32 }, u32),
    later: rpc({ a: u32 }, u32),
    say: rpc({ text: string }, u32),
    burst: rpc({ events: u32 }),
  },
  state: { text: string },
  event: string,
});
const TOPIC = Topic.from("said");

const deskHandler =
  (heard: number[]): HandlerOf<typeof Desk> => ({ state, subscriptions, events }) => {
    subscriptions.add(TOPIC);
    return {
      add({ a, b }) {
        heard.push(a);
        return a + b;
      },
      async later({ a }) {
        heard.push(a);
        await undefined;
        return a;
      },
      say({ text }) {
        heard.push(-text.length);
        state.text = text;
        return text.length;
      },
      burst({ events: count }) {
        for (let i = 0; i < count; i++) events.emit(TOPIC, `${i}`);
      },
    };
  };

interface Started extends AsyncDisposable {
  readonly port: number;
}
const { Deno: deno, Bun: bun } = globalThis as {
  readonly Deno?: typeof Deno;
  readonly Bun?: { serve(options: object): { readonly port: number; stop(): Promise<void> } };
};
const HERE = { port: 0, hostname: "127.0.0.1" } as const;
const STARTS: Record<string, (handle: HandlerOf<typeof Desk>) => Promise<Started>> = {
  "serve()": async (handle) => await serve(Desk, { ...HERE, tls: "plain" }, handle),
};
if (deno?.serve !== undefined || bun !== undefined) {
  STARTS["a mount"] = (handle) => {
    const mounted = handler(Desk, {}, handle);
    const server = bun?.serve({ ...mounted, ...HERE });
    const mount = server === undefined
      ? deno!.serve({ ...HERE, onListen() {} }, (request, info) => mounted.fetch(request, info))
      : undefined;
    return Promise.resolve({
      port: server?.port ?? mount!.addr.port,
      async [Symbol.asyncDispose]() {
        await mounted.close();
        await server?.stop();
        await mount?.shutdown();
      },
    });
  };
}

/** Node before 22 has no standard `WebSocket`. */
const DIALS = "WebSocket" in globalThis ? [connect, connectFromPage] : [connect];

/** The bytes that each side has sent since, in binary frames. */
function since(recording: Recording): () => { client: number[]; server: number[] } {
  const { client, server } = recording.exchanges[0]!;
  const sizes = (frames: readonly string[]) =>
    frames.filter((frame) => frame.startsWith("82 ")).map(({ length }) => (length - 3) / 2);
  const [clientFrames, serverFrames] = [client.frames.length, server.frames.length];
  return () => ({
    client: sizes(client.frames.slice(clientFrames)),
    server: sizes(server.frames.slice(serverFrames)),
  });
}

/** Four stored calls of `say` with a total number of bytes. */
function callsOf(bytes: number): Uint8Array {
  const say = Desk.methods.find(({ name }) => name === "say")!;
  const message = (id: number, length: number): Uint8Array => {
    const writer = new Writer();
    writeRequest(interpret, writer, id, say.call, { text: "x".repeat(length) });
    return storeBlocks(writer.bytes.subarray(0, writer.position));
  };
  const around = message(0, 100).length - 100;
  const messages = [0, 1, 2].map((id) => message(id, 4000));
  messages.push(message(3, bytes - 3 * (4000 + around) - around));
  return Uint8Array.from(messages.flatMap((each) => [...each]));
}

for (const [how, start] of Object.entries(STARTS)) {
  for (const excess of [0, 4] as const) {
    test(`MAX_BATCH_BYTES${excess ? " and some" : ""} of calls ${excess ? "break the protocol of" : "are heard by"} ${how}`, async () => {
      const heard: number[] = [];
      await using started = await start(deskHandler(heard));
      const client = await RawClient.connect(started.port);
      await client.upgrade("/?hl-x=1");
      const calls = callsOf(MAX_BATCH_BYTES + excess);
      assertEquals(calls.length, MAX_BATCH_BYTES + excess);
      client.write(frame(calls));
      // Each is answered; or a close frame with 4002 arrives, and nothing before it.
      await client.until(() =>
        excess > 0 ? client.bytes.includes("BadDeflate") : heard.length === 4
      );
      if (excess > 0) assertEquals(client.bytes.subarray(2, 4).toString("hex"), "0fa2");
      assertEquals(heard.length > 0, excess === 0);
      client.socket.destroy();
    });
  }

  for (const dial of DIALS) {
    const by = dial === connect ? "connect()" : "connect() of a page";
    test(`256 calls by ${by} to ${how} go in few messages, and in order`, async () => {
      const heard: number[] = [];
      await using started = await start(deskHandler(heard));
      await using recording = await record(started.port);
      await using client = await dial(Desk, `ws://127.0.0.1:${recording.port}/`);
      await client.rpc.add({ a: 0, b: 0 });
      const sent = since(recording);
      const numbers = Array.from({ length: 256 }, (_, i) => i + 1);
      const answers = await Promise.all(
        numbers.map((a) => a % 2 === 0 ? client.rpc.add({ a, b: 0 }) : client.rpc.later({ a })),
      );
      assertEquals(answers, numbers);
      assertEquals(heard, [0, ...numbers]);
      const frames = sent();
      assert(frames.client.length <= 4, `${frames.client} of the client`);
      // In each turn of 10 ms, of which a busy machine needs more.
      assert(frames.server.length <= 32, `${frames.server} of the server`);
      for (const bytes of [...frames.client, ...frames.server]) assert(bytes <= MAX_BATCH_BYTES);
    });

    test(`a change of the state goes with its answer from ${how} to ${by}`, async () => {
      await using started = await start(deskHandler([]));
      await using recording = await record(started.port);
      await using client = await dial(Desk, `ws://127.0.0.1:${recording.port}/`);
      const sent = since(recording);
      assertEquals(await client.rpc.say({ text: "short" }), 5);
      assertEquals(client.state.current.text, "short");
      assertEquals(sent().client.length, 1);
      assertEquals(sent().server.length, 1);
    });

    test(`large messages go alone and in their place, ${by} and ${how}`, async () => {
      const heard: number[] = [];
      await using started = await start(deskHandler(heard));
      await using client = await dial(Desk, `ws://127.0.0.1:${started.port}/`);
      const wanted: number[] = [];
      const lengths = [10, 16_000, 400, 16_350, 1, 30_000, 60_000, 3, 200_000, 2];
      const answers = await Promise.all(lengths.map(async (length, i) => {
        wanted.push(i, -length);
        // Bytes that deflate badly.
        const text = Array.from({ length }, () => String.fromCharCode(32 + Math.random() * 95))
          .join("");
        const [, said] = await Promise.all([
          client.rpc.add({ a: i, b: 1 }),
          client.rpc.say({ text }),
        ]);
        return said;
      }));
      assertEquals(answers, lengths);
      assertEquals(heard, wanted);
    });

    test(`no event is lost that comes with many others, ${how} to ${by}`, async () => {
      await using started = await start(deskHandler([]));
      await using client = await dial(Desk, `ws://127.0.0.1:${started.port}/`);
      const events = client.events({ buffer: 32, overflow: "close" });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { payload } of events) if (seen.push(payload) === 400) break;
      })();
      await client.rpc.burst({ events: 400 });
      await reading;
      assertEquals(seen, Array.from({ length: 400 }, (_, i) => `${i}`));
    });
  }
}
