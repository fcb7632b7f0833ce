import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { dial } from "../../conformance/dial.ts";
import { Report } from "../../conformance/report.ts";
import { startServer } from "./peer.ts";
import { RUST, SKIP } from "./programs.ts";

/** The kit's groups for a server without tasks; values and layouts come from Rust unchanged. */
const GROUPS = { handshakes: 14, frames: 11, refusals: 15, calls: 13, state: 3, events: 2 };

test("the conformance kit passes the Rust crate's own server", { skip: SKIP }, async () => {
  await using started = await startServer(RUST!, "conformance");
  const report = new Report();
  const target = { host: "localhost", port: started.port, path: "/", secure: true };
  await dial(report, target, new Set(Object.keys(GROUPS)), true);
  assert(report.ok, `${report}`);
  for (const [group, passed] of Object.entries(GROUPS)) {
    assertEquals([group, report.countsOf(group).passed], [group, passed]);
  }
});
