import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { ConnectionList } from "../../server/connections.ts";

test("ConnectionList keeps what was added and not deleted, in any order of both", () => {
  const list = new ConnectionList<{ slot: number; name: string }>();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ({ slot: -1, name }));
  const names = () => [...list].map(({ name }) => name).sort().join("");
  list.delete(a!);
  for (const item of [a, b, c]) list.add(item!);
  list.delete(a!);
  list.delete(a!);
  assertEquals([names(), list.size], ["bc", 2]);
  list.add(d!);
  list.delete(d!);
  list.delete(c!);
  assertEquals(names(), "b");
  list.add(a!);
  list.delete(b!);
  list.delete(a!);
  assertEquals([names(), list.size], ["", 0]);
});
