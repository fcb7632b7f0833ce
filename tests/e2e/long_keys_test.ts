import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { memoryPair } from "../../memory.ts";
import { map, rpc, service, string, u32 } from "../../mod.ts";

const Names = service({
  rpc: { count: rpc({ names: map(string, u32) }, u32), keep: rpc({ names: map(string, u32) }) },
  state: { names: map(string, u32) },
});

/** Lengths of keys at which the hasher's buffer grows, and one after which it is dropped. */
const LENGTHS = [5_000, 60, 126, 258, 522, 1_050, 2_106, 5_000, 60];

test("one client's long keys do not decide about another's, in calls and in the state", async () => {
  await using pair = await memoryPair(Names, ({ state }) => ({
    count: ({ names }) => names.size,
    keep({ names }) {
      state.names = names;
    },
  }));
  const a = await pair.connect();
  const b = await pair.connect();
  for (const length of LENGTHS) {
    const names = new Map([["k".repeat(length), length]]);
    assertEquals(await a.rpc.count({ names: new Map([["k".repeat(5_000), 1]]) }), 1);
    assertEquals(await b.rpc.count({ names }), 1);
    await b.rpc.keep({ names });
    assertEquals(b.state.current.names, names);
    assertEquals(b.status.state, "open");
  }
});
