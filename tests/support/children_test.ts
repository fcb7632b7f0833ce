import { assertEquals } from "@std/assert";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endChild, spawnChild } from "./children.ts";
import { commandOf, THIS_RUNTIME } from "./runtimes.ts";

const PARENT = fileURLToPath(new URL("children_parent.ts", import.meta.url));

/** The pid of a child's own child, as the child prints it. */
async function grandchildOf(child: ChildProcess): Promise<number> {
  const [line] = await once(createInterface({ input: child.stdout! }), "line");
  return Number(line);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 500 && lives(pid); tries++) await sleep(20);
  return !lives(pid);
}

const SHELL = "sleep 600 & echo $!; wait";

test("endChild() ends what a child has started as well", async () => {
  const child = spawnChild("sh", ["-c", SHELL], { stdio: ["ignore", "pipe", "inherit"] });
  const grandchild = await grandchildOf(child);
  assertEquals(lives(grandchild), true);
  await endChild(child);
  assertEquals(await untilGone(grandchild), true);
});

test("a child that ends by itself leaves nothing that it has started", async () => {
  const child = spawnChild("sh", ["-c", "sleep 600 & echo $!"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const grandchild = await grandchildOf(child);
  assertEquals(await untilGone(grandchild), true);
});

for (const how of ["throw", "hang"] as const) {
  test(`children of tests that ${how} end with them`, { timeout: 60_000 }, async () => {
    const runtime = THIS_RUNTIME === "node" ? "deno" : THIS_RUNTIME;
    const [command, ...first] = commandOf(runtime);
    const run = runtime === "deno" ? ["run", "-A", "--quiet", "--no-check"] : ["run"];
    const parent = spawnChild(command, [...first, ...run, PARENT, how], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const grandchild = await grandchildOf(parent);
    await endChild(parent);
    assertEquals(await untilGone(grandchild), true);
  });
}
