import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { start } from "../support/runtimes.ts";

test("on Deno a dial over TLS that is refused or aborted leaves nothing behind", async () => {
  await using program = await start("deno", "runtime/refused_dials.ts");
  const each: Record<string, number> = JSON.parse(program.firstLine);
  // Deno itself leaks over 10,000 bytes for a failed `tls.connect({ host, port })`.
  for (const [way, bytes] of Object.entries(each)) assertEquals([way, bytes < 2000], [way, true]);
  assertEquals(Object.keys(each), ["refused", "aborted"]);
});
