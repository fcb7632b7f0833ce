import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { SHARED_BYTES } from "../../stream/shared_window.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { deferred } from "../support/deferred.ts";
import { until } from "../support/until.ts";

const Uploads = service({ rpc: { put: rpc({ index: u32, parts: stream(bytes) }, u32) } });

/** Who waits for an upload that stops waits without an end. */
const PATIENT = { timeout: 60_000 };
const WHERE = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
const MIB = 1 << 20;

const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);

async function lengthOf(parts: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const part of parts) length += part.length;
  return length;
}

function* partsOf(sizes: readonly number[]): Generator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

const KINDS: readonly (readonly [name: string, uploads: number, sizes: readonly number[]])[] = [
  ["small items", 250, new Array(1500).fill(64)],
  ["items of 40 KiB", 200, new Array(6).fill(40_960)],
  ["items of 1 MiB", 100, [MIB, MIB]],
  ["a small item and two of 1 MiB", 100, [10, MIB, MIB]],
  ["an item of 60,000 bytes and one of 700,000", 150, [60_000, 700_000]],
];

/** A server whose handlers read their items one after the other, in the order of the calls. */
async function serveInOrder() {
  let before = Promise.resolve();
  let most = 0;
  const server = await serve(Uploads, WHERE, () => ({
    put({ parts }) {
      const read = before.then(() => {
        most = Math.max(most, server.stats().heldBytes);
        return lengthOf(parts);
      });
      before = read.then(() => {}, () => {});
      return read;
    },
  }));
  return {
    server,
    /** Check that there were items that waited, within the limit. */
    checkHeld: () => assertEquals(most > 0 && most <= DEFAULT_LIMITS.maxHeldBytes, true),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

for (const [name, uploads, sizes] of KINDS) {
  test(
    `${uploads} uploads of ${name} pass, whose handlers read them one after the other`,
    PATIENT,
    async () => {
      await using serving = await serveInOrder();
      const { server, checkHeld } = serving;
      await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
      const sums = await Promise.all(
        Array.from(
          { length: uploads },
          (_, index) => client.rpc.put({ index, parts: partsOf(sizes) }),
        ),
      );
      assertEquals(sums, new Array(uploads).fill(sum(sizes)));
      checkHeld();
    },
  );
}

const READ_AT_ONCE = [
  { uploads: 250, sizes: [65_536, 65_536, 65_536, 65_536] },
  { uploads: 40, sizes: [200_000, 200_000] },
];
for (const { uploads, sizes } of READ_AT_ONCE) {
  test(
    `${uploads} uploads of ${sizes[0]} bytes an item pass, whose handlers read them all at once`,
    PATIENT,
    async () => {
      await using server = await serve(Uploads, WHERE, () => ({
        put: ({ parts }) => lengthOf(parts),
      }));
      await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
      const lengths = await Promise.all(
        Array.from(
          { length: uploads },
          (_, index) => client.rpc.put({ index, parts: partsOf(sizes) }),
        ),
      );
      assertEquals(lengths, new Array(uploads).fill(sum(sizes)));
    },
  );
}

test(
  "the first upload's items come late, when those of the others fill the window",
  PATIENT,
  async () => {
    await using serving = await serveInOrder();
    const { server, checkHeld } = serving;
    await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
    const sizes = new Array(6).fill(40_960);
    const late = async function* () {
      await until(() => server.stats().heldBytes >= SHARED_BYTES - 40_960);
      yield* partsOf(sizes);
    };
    const sums = await Promise.all([
      client.rpc.put({ index: 0, parts: late() }),
      ...Array.from(
        { length: 199 },
        (_, index) => client.rpc.put({ index, parts: partsOf(sizes) }),
      ),
    ]);
    assertEquals(sums, new Array(200).fill(sum(sizes)));
    checkHeld();
  },
);

test(
  "uploads that begin with a small item pass in whatever order handlers read them",
  PATIENT,
  async () => {
    const uploads = 100;
    const sizes = [10, MIB, 10, MIB];
    const mayRead = Array.from({ length: uploads }, () => deferred<void>());
    await using server = await serve(Uploads, WHERE, () => ({
      async put({ index, parts }) {
        await mayRead[index]!.promise;
        const length = await lengthOf(parts);
        mayRead[index - 1]?.resolve();
        return length;
      },
    }));
    await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
    const all = Promise.all(
      mayRead.map((_, index) => client.rpc.put({ index, parts: partsOf(sizes) })),
    );
    mayRead.at(-1)!.resolve();
    assertEquals(await all, new Array(uploads).fill(sum(sizes)));
  },
);

test("uploads that nobody reads don't stop one of small items", PATIENT, async () => {
  const mayRead = deferred<void>();
  await using server = await serve(Uploads, WHERE, () => ({
    async put({ index, parts }) {
      if (index > 0) await mayRead.promise;
      return await lengthOf(parts);
    },
  }));
  await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
  const large = new Array(20).fill(32_768);
  const unread = Promise.all(
    Array.from(
      { length: 60 },
      (_, index) => client.rpc.put({ index: index + 1, parts: partsOf(large) }),
    ),
  );
  const small = new Array(1000).fill(100);
  // Most begin when there is no more room for the others.
  await until(() => server.stats().heldBytes > 5 * MIB);
  for (let i = 0; i < 20; i++) {
    assertEquals(await client.rpc.put({ index: 0, parts: partsOf(small) }), sum(small));
  }
  mayRead.resolve();
  assertEquals(await unread, new Array(60).fill(sum(large)));
});
