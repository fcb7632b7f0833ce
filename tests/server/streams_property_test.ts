import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import fc from "fast-check";
import { bytes, u32 } from "../../mod.ts";
import { MAX_WINDOW_BYTES } from "../../stream/lead.ts";
import type { ProtocolError } from "../../wire/errors.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { interpret } from "../../codec/archive.ts";
import { CALLS, streaming } from "./streams_support.ts";
import { turn } from "./support.ts";

const ID = fc.nat(5);
const MESSAGE = fc.oneof(
  fc.record({ type: fc.constant("call"), id: ID, of: fc.constantFrom(...methods()) }),
  fc.record({ type: fc.constant("number"), id: ID }),
  fc.record({ type: fc.constant("part"), id: ID, size: fc.constantFrom(0, 10, 60_000, 300_000) }),
  fc.record({ type: fc.constant("end"), id: ID, failed: fc.boolean() }),
  fc.record({ type: fc.constant("cancel"), id: ID }),
  fc.record({ type: fc.constant("grant"), id: ID, room: fc.constantFrom(0, 1, 4000, 200_000) }),
  fc.record({ type: fc.constant("overGrant"), id: ID }),
  fc.record({ type: fc.constant("reply"), id: ID }),
  fc.record({ type: fc.constant("failed"), id: ID }),
  fc.record({ type: fc.constant("turn") }),
);

function methods() {
  return ["count", "sum", "twice", "blobs", "keep", "text", "quick"] as const;
}

/** The handlers' actions, by the number of the call. */
const BEHAVIOUR = fc.constantFrom("whole", "early", "throws", "waits", "late", "never");

test("whatever a client says, its calls are answered once, and nothing is left of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(MESSAGE, { minLength: 1, maxLength: 60 }),
      fc.array(BEHAVIOUR, { minLength: 1, maxLength: 8 }),
      async (messages, behaviours) => {
        let [begun, over, call] = [0, 0, 0];
        const behaviour = () => behaviours[call++ % behaviours.length]!;
        async function* source<T>(items: T[], signal: AbortSignal) {
          const how = behaviour();
          begun++;
          try {
            if (how === "late") await turn();
            for (const item of items) {
              yield item;
              if (how === "early") return;
              if (how === "throws") throw new Error("broken");
              if (how === "waits") await turn();
              if (how === "never") await until(signal);
            }
          } finally {
            over++;
          }
        }
        const until = (signal: AbortSignal) =>
          new Promise<never>((_, reject) => {
            if (signal.aborted) reject(signal.reason);
            signal.addEventListener("abort", () => reject(signal.reason));
          });
        const read = async (stream: AsyncIterable<unknown>, signal: AbortSignal) => {
          const how = behaviour();
          begun++;
          try {
            if (how === "never") return await until(signal);
            if (how === "late") await turn();
            let count = 0;
            for await (const _ of stream) {
              count++;
              if (how === "early") break;
              if (how === "throws") throw new Error("broken");
              if (how === "waits") await turn();
            }
            return count;
          } finally {
            over++;
          }
        };
        const numbers = Array.from({ length: 5000 }, (_, i) => i);
        const { client, core, errors, clock } = await streaming(() => ({
          count: (_, { signal }) => source(numbers, signal),
          sum: ({ numbers }, { signal }) => read(numbers, signal),
          keep: ({ parts }, { signal }) => read(parts, signal),
          twice: ({ numbers }, { signal }) =>
            (async function* () {
              yield await read(numbers, signal);
              yield* source([1, 2, 3], signal);
            })(),
          blobs: (_, { signal }) => source([new Uint8Array(200_000), new Uint8Array(9)], signal),
          text: () => ["a", "b"],
        }));
        for (const message of messages) {
          if (message.type === "call") {
            client.call(message.id, CALLS[message.of], { to: 0, start: 0, size: 0 });
          } else if (message.type === "number") client.numbers(message.id, 1);
          else if (message.type === "part") {
            client.item(message.id, bytes, new Uint8Array(message.size));
          } else if (message.type === "end") client.end(message.id, message.failed);
          else if (message.type === "cancel") client.cancel(message.id);
          else if (message.type === "grant") client.grant(message.id, message.room);
          else if (message.type === "overGrant") client.grant(message.id, MAX_WINDOW_BYTES + 1);
          else if (message.type === "reply") {
            client.write((writer) => writeReply(interpret, writer, message.id, u32, 1));
          } else if (message.type === "failed") {
            client.write((writer) => writeFailed(writer, message.id, "HandlerPanicked"));
          } else await turn();
        }
        for (let id = 0; id < 6; id++) client.cancel(id);
        for (let i = 0; i < 20; i++) await turn();
        const { callsReceived, callsInFlight } = core.stats();
        const answers = client.received.filter((line) => /^(response|error) /.test(line)).length;
        if (client.closedWith === undefined) {
          // Every cancelled call settles here, so that each was answered.
          assertEquals([answers, callsInFlight], [callsReceived, 0]);
        } else {
          assertEquals(client.closedWith.code, 4002);
          assert(answers <= callsReceived);
          const broken = errors.filter(({ context }) => context.where === "protocol");
          assertEquals(broken.map(({ error }) => (error as ProtocolError).code), ["BadCredit"]);
        }
        client.hangUp();
        for (let i = 0; i < 20; i++) await turn();
        const { streamsOpen, heldBytes, connections, clientCallsInFlight } = core.stats();
        assertEquals([streamsOpen, heldBytes, connections, clientCallsInFlight], [0, 0, 0, 0]);
        assertEquals([over, clock.pending], [begun, 0]);
      },
    ),
    { numRuns: 60 },
  );
});
