import { assert } from "@std/assert";
import { test } from "node:test";
import { fuzzClients } from "./client.ts";
import { SEED } from "./support.ts";

test("mutated messages of a server end a client's session at worst, and every call settles", {
  timeout: 60_000,
}, async () => {
  const { sessions, ended, answered, items, confirmed } = await fuzzClients(8000, SEED);
  assert(ended > sessions / 2, `${ended} of ${sessions} ended`);
  assert(answered > 50 && items > 50 && confirmed > 50, `${answered}, ${items}, ${confirmed}`);
});
