/// <reference lib="dom" />
/**
 * The page of `docs/getting-started.md` in Chromium, bundled: `deno task browser`.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  filesOf,
  inFolder,
  listeningAnywhere,
  resolved,
  ROOT,
  runFile,
  textOf,
  untilWritten,
} from "../docs/markdown.ts";
import { CHROMIUM_KIND, type Tab } from "./browsers.ts";

const files = filesOf(textOf("docs/getting-started.md"));
const here = (path: string): string => fileURLToPath(new URL(path, ROOT));

after(() => stop());

/** The page's script, as a bundler makes it. */
async function bundled(folder: string, url: string): Promise<string> {
  const main = files.get("main.tsx")!.replace("ws://localhost:8080", url);
  writeFileSync(join(folder, "main.tsx"), main);
  const { outputFiles } = await build({
    entryPoints: [join(folder, "main.tsx")],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    write: false,
    define: { "process.env.NODE_ENV": '"production"' },
    nodePaths: [here("node_modules")],
    alias: {
      "@hardlight/hardlight": here("mod.ts"),
      "@hardlight/hardlight/browser": here("browser.ts"),
    },
  });
  return outputFiles[0]!.text;
}

/** Serve the page; returns its origin. */
async function servePage(script: () => string): Promise<AsyncDisposable & { origin: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === "/main.tsx";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script() : files.get("index.html"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function untilShown(tab: Tab, text: string): Promise<void> {
  const shown = (): string => document.getElementById("numbers")?.textContent ?? "";
  while (await tab.evaluate(shown) !== text) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("docs/getting-started.md: two windows show the total, also after a restart of the server", {
  skip: CHROMIUM_KIND.skip,
  timeout: 120_000,
}, async () => {
  await inFolder(async (folder) => {
    let script = "";
    await using page = await servePage(() => script);
    writeFileSync(join(folder, "counter.ts"), files.get("counter.ts")!);
    const server = files.get("server.ts")!.replace("http://localhost:5173", page.origin);
    writeFileSync(join(folder, "service.ts"), resolved(files.get("counter.ts")!));
    const ready = join(folder, "url.json");
    const run = (code: string, signal: AbortSignal): Promise<unknown> => {
      rmSync(ready, { force: true });
      writeFileSync(
        join(folder, "server.ts"),
        listeningAnywhere(code.replace("./counter.ts", "./service.ts"), ready),
      );
      return runFile(join(folder, "server.ts"), signal);
    };
    let stopping = new AbortController();
    let serving = run(server, stopping.signal);
    try {
      const url = await untilWritten(ready, serving);
      script = await bundled(folder, url);
      await using browser = await CHROMIUM_KIND.launch("");
      await using first = await browser.open(page.origin);
      await using second = await browser.open(page.origin);
      await untilShown(first, "All: 0, mine: 0 (open)");
      await untilShown(second, "All: 0, mine: 0 (open)");
      await first.evaluate(() => document.querySelector("button")!.click());
      await untilShown(first, "All: 1, mine: 1 (open)");
      await untilShown(second, "All: 1, mine: 0 (open)");
      stopping.abort();
      await serving;
      await untilShown(first, "All: 1, mine: 1 (reconnecting)");
      stopping = new AbortController();
      serving = run(server.replace("port: 8080", `port: ${new URL(url).port}`), stopping.signal);
      await untilShown(first, "All: 0, mine: 0 (open)");
      await untilShown(second, "All: 0, mine: 0 (open)");
      await second.evaluate(() => document.querySelector("button")!.click());
      await untilShown(second, "All: 1, mine: 1 (open)");
      await untilShown(first, "All: 1, mine: 0 (open)");
    } finally {
      stopping.abort();
      await serving;
    }
  });
});
