/**
 * The conformance kit: `deno task conformance`. See README.md in this folder.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawn } from "node:child_process";
import process from "node:process";
import { dial } from "./dial.ts";
import { listen } from "./listen.ts";
import { Report } from "./report.ts";

const USAGE = `Usage:
  deno task conformance dial ws://HOST:PORT/PATH          runs a server through it
  deno task conformance listen [--port N]                 waits for a client
  deno task conformance listen -- COMMAND {port}          starts a client, again where it fails
Options:
  --only GROUP,GROUP    these alone: requests, handshakes, frames, refusals, calls, state, events,
                        values, malformed, layouts, fingerprints, transcripts
  --as-rust             dial: leave out what Rust does not have`;

/** The most consecutive starts of a client without a finished case. */
const MAX_IDLE_STARTS = 3;

const [mode, ...rest] = process.argv.slice(2);
const split = rest.indexOf("--");
const options = split < 0 ? rest : rest.slice(0, split);
const command = split < 0 ? [] : rest.slice(split + 1);

function valueOf(name: string): string | undefined {
  const index = options.indexOf(name);
  return index < 0 ? undefined : options[index + 1];
}

const groups = new Set(valueOf("--only")?.split(","));
const report = new Report();

function start(port: number): Promise<void> {
  const [program, ...args] = command.map((word) => word.replace("{port}", String(port)));
  const child = spawn(program!, args, { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(error.message);
      resolve();
    });
    child.once("exit", () => resolve());
  });
}

if (mode === "dial" && options[0] !== undefined) {
  const { hostname, port, pathname, protocol } = new URL(options[0]);
  if (!/^wss?:$/.test(protocol)) throw new TypeError("Expected a URL like ws://127.0.0.1:8080/");
  const secure = protocol === "wss:";
  const target = {
    host: hostname,
    port: Number(port || (secure ? 443 : 80)),
    path: pathname,
    secure,
  };
  await dial(report, target, groups, options.includes("--as-rust"));
} else if (mode === "listen") {
  const listening = await listen(report, Number(valueOf("--port") ?? 0), groups);
  if (command.length === 0) {
    console.log(`Waiting for a client at ws://127.0.0.1:${listening.port}/`);
    await listening.done;
  } else {
    let isDone = false;
    void listening.done.then(() => isDone = true);
    for (let idle = 0; !isDone && idle < MAX_IDLE_STARTS;) {
      const before = listening.progress;
      await start(listening.port);
      // Settle an ended client's cases before the next one connects.
      await new Promise((wake) => setTimeout(wake, 50));
      idle = listening.progress === before ? idle + 1 : 0;
    }
    listening.stop();
  }
} else {
  console.error(USAGE);
  process.exit(2);
}

console.log(`${report}`);
console.log(report.ok ? "passed" : "FAILED");
process.exit(report.ok ? 0 : 1);
