import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { start, THIS_RUNTIME } from "../support/runtimes.ts";
import { Slow } from "../support/slow_server.ts";

/** Do nothing else for so long. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Have the operating system stop this process for so long, 30 ms from now. */
async function suspend(ms: number): Promise<void> {
  const { pid } = process;
  const script = `sleep 0.03; kill -STOP ${pid}; sleep ${ms / 1000}; kill -CONT ${pid}`;
  await once(spawn("sh", ["-c", script]), "exit");
}

const ABSENCES = { busy: block, suspended: suspend };

for (const [what, absent] of Object.entries(ABSENCES)) {
  test(`calls that were answered while the program was ${what} do not miss their deadline`, async () => {
    const server = THIS_RUNTIME === "node" ? "deno" : THIS_RUNTIME;
    await using program = await start(server, "support/slow_server.ts");
    await using client = await connect(Slow, program.firstLine);
    await client.rpc.after({ delayMs: 0 });
    for (let round = 0; round < 5; round++) {
      const calls = Array.from(
        { length: 30 },
        (_, i) => client.rpc.after({ delayMs: 50 + i }, { timeoutMs: 300 }),
      );
      const codes = calls.map((call) => call.then(() => "ok", (error) => error.code));
      // Long enough for all of them to be sent.
      await new Promise((resolve) => setTimeout(resolve, 5));
      await absent(600);
      assertEquals(await Promise.all(codes), calls.map(() => "ok"));
    }
  });
}
