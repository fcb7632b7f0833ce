/**
 * Runs every test and check, one part after the other, for hours: `deno task everything --minutes 60`. Prints
 * one line per part; fails if any part failed.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { createWriteStream, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { spawnChild } from "../tests/support/children.ts";

/** One part: its name and its command. */
export interface Part {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** Lines of a failed part's output that are shown. */
const SHOWN_LINES = 30;

function task(name: string, ...args: (string | number)[]): Part {
  const id = [name, ...args.filter((arg) => typeof arg === "string" && !arg.startsWith("-"))];
  return { name: id.join(" "), command: ["deno", "task", name, ...args.map(String)] };
}

/** All parts; those with a variable length run this many minutes each. */
export function allParts(minutes: number): Part[] {
  return [
    task("test"),
    task("interop"),
    task("vectors"),
    task("browser"),
    task("minimums"),
    task("hostile", "--show"),
    task("size"),
    task("npm"),
    task("model", "--minutes", minutes),
    task("streams"),
    task(
      "fuzz",
      "--inputs",
      minutes * 1_000_000,
      "--messages",
      minutes * 100_000,
      "--answers",
      minutes * 100_000,
    ),
    task("soak:broker", minutes, "nats"),
    task("soak:broker", minutes, "redis"),
    task("restarts", minutes * 10, "deno"),
    task("restarts", minutes * 10, "bun"),
    task("soak", minutes),
  ];
}

/**
 * Run one part after the other.
 *
 * @param parts The parts.
 * @param show Gets one line per part, and the end of the output of a failed part.
 * @returns Whether all parts passed.
 */
export async function runParts(
  parts: readonly Part[],
  show: (line: string) => void,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "hardlight-everything-"));
  let good = true;
  for (const [i, { name, command: [program, ...args] }] of parts.entries()) {
    const file = join(folder, `${i + 1}-${name.replaceAll(/[^\w]+/g, "-")}.log`);
    const log = createWriteStream(file);
    const begunAt = performance.now();
    const child = spawnChild(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const code = await new Promise<number | string | null>((resolve) => {
      for (const stream of [child.stdout!, child.stderr!]) stream.pipe(log, { end: false });
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) => resolve(code ?? signal));
    });
    await new Promise<void>((resolve) => log.end(() => resolve()));
    const seconds = Math.round((performance.now() - begunAt) / 1000);
    if (code === 0) show(`ok      ${name}, ${seconds} s`);
    else {
      good = false;
      show(`FAILED  ${name}, ${seconds} s, with ${code}: ${file}`);
      show(readFileSync(file, "utf8").trimEnd().split("\n").slice(-SHOWN_LINES).join("\n"));
    }
  }
  return good;
}

if (import.meta.main) {
  const { values: { minutes, only } } = parseArgs({
    options: {
      minutes: { type: "string", default: "60" },
      /** The names of tasks, with commas. */
      only: { type: "string" },
    },
  });
  const wanted = only?.split(",");
  const parts = allParts(Number(minutes)).filter(({ name }) =>
    wanted === undefined || wanted.includes(name.split(" ")[0]!)
  );
  if (parts.length === 0) throw new TypeError(`There is no part ${only}`);
  process.exit(await runParts(parts, (line) => console.log(line)) ? 0 : 1);
}
