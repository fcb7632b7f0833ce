/**
 * {@linkcode spawnChild}: processes that always end with the tests that started them.
 *
 * Each is the leader of a process group, so that its own children (as of `npx`) end with it. A watchdog in each
 * group waits for the end of a pipe, then kills the group: also if the tests are killed.
 *
 * @module
 */
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import process from "node:process";

type Stdio = "pipe" | "ignore" | "inherit";

/**
 * Becomes the command, after starting a watchdog in its group. The watchdog waits for the end of descriptor 3;
 * only the tests hold the other end.
 */
const WATCHED =
  '(trap "" TERM INT HUP; cat <&3 >/dev/null; kill -KILL "-$$") & exec 3<&-; exec "$@"';

/** Like `spawn()` of `node:child_process`, but the child ends with this process. */
export function spawnChild(
  command: string,
  args: readonly string[],
  { stdio, ...options }: SpawnOptions & { readonly stdio: readonly [Stdio, Stdio, Stdio] },
): ChildProcess {
  const child = spawn("sh", ["-c", WATCHED, "sh", command, ...args], {
    ...options,
    stdio: [...stdio, "pipe"],
    detached: true,
  });
  child.stdio[3]?.on("error", () => {});
  // Its own children do not outlive it.
  child.once("exit", () => signalChild(child, "SIGKILL"));
  return child;
}

/** Send a signal to a child and its own children. Deno's `child.kill()` sends no second signal. */
export function signalChild({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // They have all ended.
  }
}

/** Kill a child and its own children, and wait for its end. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  signalChild(child, "SIGKILL");
  await ended;
}
