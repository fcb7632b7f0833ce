import { assertEquals } from "@std/assert";
import { execFile, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { serve } from "../../server.ts";

const program = fileURLToPath(new URL("../../examples/python/counter.py", import.meta.url));

/** The test runs only where Python is installed. */
if (spawnSync("python3", ["--version"]).status === 0) {
  test("a client in Python, written from PROTOCOL.md, calls the counter and sees its state and events", async () => {
    const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
    const server = await serve(Counter, options, counter);
    try {
      const { port } = new URL(server.url);
      const run = promisify(execFile);
      const { stdout } = await run("python3", ["-B", program, "127.0.0.1", port], {
        timeout: 30_000,
      });
      assertEquals(stdout.trimEnd().split("\n"), [
        "get: 3",
        "state: 3",
        "event: incremented from 0 to 5",
        "event: decremented from 5 to 3",
      ]);
    } finally {
      await server.close();
    }
  });
}
