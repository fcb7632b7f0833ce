import { assert, assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type FingerprintLine, linesOf } from "../../conformance/cases.ts";
import { dial } from "../../conformance/dial.ts";
import { listen } from "../../conformance/listen.ts";
import { Report } from "../../conformance/report.ts";
import { fingerprintLines } from "./fingerprints.ts";
import { runClient, startServer } from "./peers.ts";
import { until } from "../support/until.ts";

const PYTHON = fileURLToPath(new URL("../../examples/python", import.meta.url));

/** Cases of each group: of a client, of a server, and of both. */
const CLIENT = {
  requests: 10,
  frames: 22,
  refusals: 15,
  handshakes: 17,
  calls: 14,
  state: 8,
  events: 3,
};
const SERVER = { handshakes: 47, frames: 11, refusals: 15, calls: 13, state: 3, events: 2 };
const BOTH = { values: 1464, malformed: 1763, layouts: 360, fingerprints: 279, transcripts: 2001 };

/** Every case of each group has passed. */
function assertPassed(report: Report, totals: Readonly<Record<string, number>>): void {
  assert(report.ok, `${report}`);
  for (const [group, passed] of Object.entries(totals)) {
    assertEquals([group, report.countsOf(group)], [group, { passed, failed: 0, notRun: 0 }]);
  }
}

/** Some cases of this group have failed. */
function assertFailed(report: Report, group: string): void {
  assert(!report.ok);
  assert(report.countsOf(group).failed > 0, `${report}`);
}

/** The kit's report on a server. */
async function reportOf(plant?: Parameters<typeof startServer>[0], only: string[] = []) {
  const server = await startServer(plant);
  const report = new Report();
  try {
    const { port } = new URL(server.url);
    await dial(report, { host: "127.0.0.1", port: Number(port), path: "/" }, new Set(only));
  } finally {
    await server.close();
  }
  return report;
}

test("fingerprints.jsonl has each type of the vectors, with what signature() says of it", () => {
  assertEquals(linesOf<FingerprintLine>("fingerprints.jsonl"), fingerprintLines());
});

test("conformance: a client of this module passes", async () => {
  const report = new Report();
  const { port, done } = await listen(report);
  await runClient(port);
  await done;
  assertPassed(report, { ...CLIENT, ...BOTH });
});

test("conformance: a server of this module passes", async () => {
  assertPassed(await reportOf(), { ...SERVER, ...BOTH });
});

test("conformance: a client that answers wrongly once fails", async () => {
  const report = new Report();
  const { port, done } = await listen(report, 0, new Set(["layouts"]));
  let asked = 0;
  await runClient(port, (_, answer) => asked++ === 100 ? { ...answer, size: 1 } : answer);
  await done;
  assertEquals(report.countsOf("layouts"), { passed: 359, failed: 1, notRun: 0 });
  assert(!report.ok);
});

test("conformance: a client that leaves has not passed its remaining tasks", async () => {
  const report = new Report();
  const listening = await listen(report, 0, new Set(["layouts"]));
  let asked = 0;
  await runClient(listening.port, (_, answer) => {
    if (asked++ === 10) throw new Error("gone");
    return answer;
  }).catch(() => {});
  await until(() => report.total >= 11);
  listening.stop();
  assertEquals(report.countsOf("layouts"), { passed: 10, failed: 1, notRun: 349 });
  assert(!report.ok);
});

test("conformance: a server that answers wrongly once fails", async () => {
  let asked = 0;
  const report = await reportOf(
    (_, answer) => asked++ === 100 ? { ...answer, text: "x" } : answer,
    ["fingerprints"],
  );
  assertEquals(report.countsOf("fingerprints"), { passed: 278, failed: 1, notRun: 0 });
});

/** Runs the client in Python, of this folder. */
async function runPython(folder: string, report: Report, only: readonly string[]): Promise<void> {
  const listening = await listen(report, 0, new Set(only));
  const args = ["-B", `${folder}/conformance.py`, "127.0.0.1", String(listening.port)];
  const child = spawn("python3", args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk) => complaint += chunk);
  await new Promise((ended) => child.once("close", ended));
  if (report.total === 0) throw new Error(complaint);
  // The results of the ended client are settled first.
  await new Promise((wake) => setTimeout(wake, 50));
  listening.stop();
  await listening.done;
}

/** Faults that are easily made, as changes of the client in Python, and the group that finds each. */
const FAULTS:
  readonly (readonly [what: string, file: string, from: string, to: string, group: string])[] = [
    [
      "fields of equal groups by their niche",
      "layout.py",
      "return -group, -_free(field), field.niche[1] if field.niche else 0",
      "return -group, 0, 0",
      "layouts",
    ],
    [
      "a tuple's elements from the first on",
      "composites.py",
      "return reversed(order) if self.is_tuple else order",
      "return order",
      "values",
    ],
    [
      "pointers that may share what they lead to",
      "archive.py",
      "if not low <= at <= high",
      "if False and not low <= at <= high",
      "malformed",
    ],
    [
      "names without quotes",
      "composites.py",
      "return name if plain else",
      "return name if True else",
      "fingerprints",
    ],
    [
      "bytes behind the final block",
      "connection.py",
      "or inflater.unused_data",
      "or False",
      "refusals",
    ],
    [
      "an answer to another request",
      "connection.py",
      'raise ConnectionError("The server did not answer this request")',
      "pass",
      "handshakes",
    ],
    [
      "topics of text and bytes that are one",
      "conformance.py",
      '"topic": topic, "payload"',
      '"topic": {**topic, "is_string": True}, "payload"',
      "events",
    ],
    [
      "a field that is not known",
      "conformance.py",
      'if update["index"] < len(STATE):',
      "if True:",
      "state",
    ],
    ["no pongs", "connection.py", "self._frame(10, payload)", "pass", "frames"],
    [
      "a call that ends in its padding",
      "conformance.py",
      "call.hex()",
      'call.hex() + "00"',
      "requests",
    ],
  ];

/** The tests run only where Python is installed. */
if (spawnSync("python3", ["--version"]).status === 0) {
  test("conformance: the client in Python, of the standard library alone, passes", async () => {
    const report = new Report();
    await runPython(PYTHON, report, []);
    assertPassed(report, { ...CLIENT, ...BOTH });
  });

  for (const [what, file, from, to, group] of FAULTS) {
    test(`conformance: finds in a client: ${what}`, async () => {
      const folder = mkdtempSync(`${tmpdir()}/conformance-`);
      try {
        cpSync(PYTHON, folder, { recursive: true });
        const source = readFileSync(`${folder}/${file}`, "utf8");
        assert(source.includes(from), from);
        writeFileSync(`${folder}/${file}`, source.replace(from, to));
        const report = new Report();
        await runPython(folder, report, [group]);
        assertFailed(report, group);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}
