import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { signalChild, spawnChild } from "../support/children.ts";

const ROOT = new URL("../../", import.meta.url);
const text = readFileSync(new URL("README.md", ROOT), "utf8");
const { exports } = JSON.parse(readFileSync(new URL("deno.json", ROOT), "utf8")) as {
  exports: Record<string, string>;
};

/** The README's blocks of code: those that run by themselves, and files by name. */
const blocks: string[] = [];
const files = new Map<string, string>();
for (const [, info, code] of text.matchAll(/^```(ts(?: ignore)?)\n([\s\S]*?)^```$/gm)) {
  const name = /^\/\/ (\w+\.ts)\b/.exec(code!)?.[1];
  if (info === "ts") blocks.push(code!);
  else files.set(name ?? "", code!);
}

/** The code with imports that are found from outside the repository. */
function resolved(code: string): string {
  return code
    .replace(/from "@hardlight\/hardlight(\/\w+)?"/g, (_, entry: string | undefined) => {
      const target = exports[`.${entry ?? ""}`];
      if (target === undefined) throw new Error(`No such entry: ${entry}`);
      return `from "${new URL(target, ROOT)}"`;
    })
    .replace(/from "\.\/(examples\/[^"]+)"/g, (_, path: string) => `from "${new URL(path, ROOT)}"`);
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hardlight-readme-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Run a file with the runtime that runs this; its lines, once it has ended. */
async function runFile(path: string, signal?: AbortSignal): Promise<string[]> {
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

test("README.md has a service, a server and a client in at most 40 lines", () => {
  assertEquals([...files.keys()], ["counter.ts", "server.ts", "client.ts"]);
  const lines = [...files.values()].flatMap((code) => code.trimEnd().split("\n"));
  assert(lines.length <= 40, `${lines.length} lines`);
});

test("README.md's server answers its client, each in a process of its own", async () => {
  await inFolder(async (folder) => {
    for (const [name, code] of files) writeFileSync(join(folder, name), resolved(code));
    // The port of the text may be taken: the client waits for another.
    const server = files.get("server.ts")!
      .replace("port: 8080", 'port: 0, hostname: "127.0.0.1"')
      .replace("await serve", "const server = await serve");
    const ready = join(folder, "url.json");
    writeFileSync(
      join(folder, "server.ts"),
      `${resolved(server)}
import { renameSync, writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(`${ready}~`)}, JSON.stringify(server.url));
renameSync(${JSON.stringify(`${ready}~`)}, ${JSON.stringify(ready)});
`,
    );
    const stop = new AbortController();
    const serving = runFile(join(folder, "server.ts"), stop.signal);
    try {
      const url = await untilWritten(ready, serving);
      const client = files.get("client.ts")!.replace("wss://localhost:8080", url);
      assert(client.includes(url), "the client dials port 8080");
      writeFileSync(join(folder, "client.ts"), resolved(client));
      const lines = await runFile(join(folder, "client.ts"));
      assertEquals(lines.slice(0, 2), ["2", "2"]);
      const event = lines.slice(2).join(" ").replace(/\s+/g, " ").replace(/, }/, " }");
      assertEquals(event, '{ type: "changed", from: 0, to: 2 }');
    } finally {
      stop.abort();
      await serving;
    }
  });
});

/** What a process writes to a file, or an error if it ends without. */
async function untilWritten(path: string, ended: Promise<unknown>): Promise<string> {
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

test("README.md has examples that run by themselves", () => assert(blocks.length >= 8));

for (const [i, code] of blocks.entries()) {
  const names = /import \{([^}]+)\} from "@hardlight/.exec(code)?.[1]?.trim() ?? "";
  test(`README.md, example ${i + 1} (${names}), holds`, async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "example.ts");
      writeFileSync(path, resolved(code));
      await import(pathToFileURL(path).href);
    });
  });
}
