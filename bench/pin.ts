/**
 * Which cores the client and the server run on.
 *
 * By default the system moves processes between cores, and a round trip between two cores takes more than twice
 * as long as one on the same core: waking an idle core takes longer than most operations measured here.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import os from "node:os";
import process from "node:process";

/** `1`: both on one core, where only work counts; `2`: one each, as on two machines; `free`: wherever. */
export type Cores = "1" | "2" | "free";

let serverCore: number | undefined;

/** Put this process on its core, and the servers it starts on theirs. Returns what it could do. */
export function pin(cores: Cores): Cores {
  if (cores === "free" || os.cpus().length < 2) return "free";
  try {
    execFileSync("taskset", ["-acp", "0", `${process.pid}`], { stdio: "ignore" });
  } catch {
    return "free";
  }
  serverCore = cores === "1" ? 0 : 1;
  return cores;
}

/** A command that runs on the server's core. */
export function onServerCore(command: string, args: readonly string[]): [string, string[]] {
  if (serverCore === undefined) return [command, [...args]];
  return ["taskset", ["-c", `${serverCore}`, command, ...args]];
}
