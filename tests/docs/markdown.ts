/**
 * Helpers of the documents' tests: their blocks of code, and how to run these.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { signalChild, spawnChild } from "../support/children.ts";

/** The repository. */
export const ROOT = new URL("../../", import.meta.url);

const { exports } = JSON.parse(readFileSync(new URL("deno.json", ROOT), "utf8")) as {
  readonly exports: Readonly<Record<string, string>>;
};

/** One block of code of a document. */
export interface Block {
  /** The text after the fence: `ts`, `tsx ignore`, `sh`. */
  readonly info: string;
  /** The file that its first line names, if it does: `// server.ts`. */
  readonly file: string | undefined;
  /** The code. */
  readonly code: string;
}

/** A document's text. */
export const textOf = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** The pages of `docs/`, without the site's front page. */
export const PAGES: readonly string[] = readdirSync(fileURLToPath(new URL("docs", ROOT)))
  .filter((name) => name.endsWith(".md") && name !== "index.md" && name !== "playground.md")
  .sort()
  .map((name) => `docs/${name}`);

/** The blocks of code of a text. */
export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```([^\n`]+)\n([\s\S]*?)^```$/gm)].map(([, info, code]) => ({
    info: info!,
    file: /^(?:\/\/|#|<!--) ([\w./]+\.(?:tsx?|html|json))\b/.exec(code!)?.[1],
    code: code!,
  }));
}

/** The code with imports that are found from outside the repository. */
export function resolved(code: string): string {
  return code.replace(/from "@hardlight\/hardlight(\/\w+)?"/g, (_, entry: string | undefined) => {
    const target = exports[`.${entry ?? ""}`];
    if (target === undefined) throw new Error(`No such entry: ${entry}`);
    return `from "${new URL(target, ROOT)}"`;
  });
}

/** The files in a document, by name: blocks whose first line is the name. */
export function filesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    blocksOf(text).filter(({ file }) => file !== undefined && !file.includes("/"))
      .map(({ file, code }) => [file!, code]),
  );
}

/** Write a server's file so that it listens on a free port and writes its address to `ready`. */
export function listeningAnywhere(code: string, ready: string): string {
  const here = code.replace("port: 8080", 'port: 0, hostname: "127.0.0.1"')
    .replace(/^await serve/m, "const server = await serve");
  return `${resolved(here)}
import { renameSync, writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(`${ready}~`)}, JSON.stringify(server.url));
renameSync(${JSON.stringify(`${ready}~`)}, ${JSON.stringify(ready)});
`;
}

/** Run a function in an empty folder, which is deleted afterwards. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hardlight-docs-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Run a file with the runtime that runs this; its lines, once it has ended. */
export async function runFile(path: string, signal?: AbortSignal): Promise<string[]> {
  const flags = process.versions["deno"] === undefined ? [] : ["run", "-A", "--no-check"];
  const child = spawnChild(process.execPath, [...flags, path], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  signal?.addEventListener("abort", () => signalChild(child, "SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
  const code = await ended;
  if (signal?.aborted !== true) assertEquals(code, 0);
  return lines;
}

/** The output of a process to a file, or an error if it ends without one. */
export async function untilWritten(path: string, ended: Promise<unknown>): Promise<string> {
  let gone = false;
  void ended.then(() => gone = true, () => gone = true);
  for (;;) {
    try {
      return JSON.parse(readFileSync(path, "utf8")) as string;
    } catch {
      if (gone) throw new Error("The server ended before it listened");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
