/// <reference lib="dom" />
/**
 * The client in a real Chromium: `deno task browser`. Says so and passes where there is none.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { build, stop } from "esbuild";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import type { ClientOf } from "../../browser.ts";
import { selfSigned } from "../../tls/self_signed.ts";
import { type Program, type RuntimeId, start } from "../support/runtimes.ts";
import type { probe as Probes } from "./page.ts";
import type { Settings } from "./server.ts";

declare const probe: typeof Probes;

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}: set CHROMIUM`;

const RUNTIMES: readonly RuntimeId[] = ["deno", "bun"];
const PAGES = ["module", "bundle"] as const;

interface Served extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  /** What the server still holds of its clients. */
  held(): Promise<{ connections: number; pending: number }>;
}

describe("in Chromium", { skip }, () => {
  let browser: Browser;
  let folder: string;
  let certificate: { cert: string; key: string };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hardlight-"));
    await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      outfile: join(folder, "bundle.js"),
    });
    await stop();
    certificate = await selfSigned();
    const spki = new X509Certificate(certificate.cert).publicKey
      .export({ type: "spki", format: "der" });
    const pin = createHash("sha256").update(spki).digest("base64");
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        `--ignore-certificate-errors-spki-list=${pin}`,
      ],
    });
  });

  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(runtime: RuntimeId, tls: "plain" | "tls", port = 0): Promise<Served> {
    const settings: Settings = {
      port,
      tls: tls === "plain" ? "plain" : certificate,
      bundle: join(folder, "bundle.js"),
    };
    const program: Program = await start(runtime, "browser/server.ts", JSON.stringify(settings));
    const bound = JSON.parse(program.firstLine).port as number;
    const origin = `${tls === "plain" ? "http" : "https"}://localhost:${bound}`;
    return {
      origin,
      port: bound,
      async held() {
        const page = await browser.newPage();
        try {
          const response = await page.goto(`${origin}/held`);
          return await response!.json();
        } finally {
          await page.close();
        }
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  }

  /** A page that has loaded the client, and what it has written to its console. */
  async function open(url: string): Promise<{ page: Page; console: string[] }> {
    const page = await browser.newPage();
    const console: string[] = [];
    page.on("console", (message) => console.push(message.text()));
    page.on("pageerror", (error) => console.push(error.message));
    await page.goto(url);
    await page.waitForFunction(() => "probe" in globalThis);
    return { page, console };
  }

  for (const runtime of RUNTIMES) {
    for (const tls of ["plain", "tls"] as const) {
      for (const kind of PAGES) {
        test(`calls, state, events and large messages: ${kind}, ${tls}, ${runtime}`, async () => {
          await using server = await serve(runtime, tls);
          const { page, console } = await open(`${server.origin}/${kind}.html`);
          const seen = await page.evaluate(async () => {
            const all = [];
            for (const level of [0, 1, 6, 9]) {
              const client = await probe.connect(probe.Probe, location.href, {
                level,
                limits: { maxMessageBytes: 8 << 20, maxInflatedBytes: 16 << 20 },
              });
              const events = client.events({ buffer: 128 });
              const output = await client.rpc.add({ amount: 5 });
              const state = client.state.current.total;
              await Promise.all(
                Array.from({ length: 100 }, () => client.rpc.add({ amount: 1 })),
              );
              const first = await events.next();
              // Half noise, half text: neither stored nor trivial.
              const data = new Uint8Array(3 << 20);
              for (let at = 0; at < data.length / 2; at += 65_536) {
                crypto.getRandomValues(data.subarray(at, at + 65_536));
              }
              const echoed = await client.rpc.echo({ data });
              const same = echoed.length === data.length &&
                echoed.every((byte, index) => byte === data[index]);
              const total = client.state.current.total;
              await client.close();
              all.push({ output, state, total, first: first.value?.payload, same });
            }
            return all;
          });
          const each = {
            output: 5,
            state: 5,
            total: 105,
            first: { type: "added" as const, to: 5 },
            same: true,
          };
          assertEquals(seen, [each, each, each, each]);
          const evaluates = await page.evaluate(() => {
            const script = document.createElement("script");
            script.textContent = "globalThis.inlined = true";
            document.head.append(script);
            return "inlined" in globalThis;
          });
          assertEquals(evaluates, false);
          assertEquals(console.filter((line) => /eval|hardlight|uncaught/i.test(line)), []);
          await page.close();
        });
      }
    }

    test(`a page connects again when ${runtime} has restarted`, async () => {
      const first = await serve(runtime, "tls");
      const { page } = await open(`${first.origin}/bundle.html`);
      await page.evaluate(async () => {
        const statuses: string[] = [];
        const client = await probe.connect(probe.Probe, location.href);
        client.onStatus(({ state }) => statuses.push(state));
        await client.rpc.add({ amount: 2 });
        Object.assign(globalThis, { client, statuses });
      });
      await first[Symbol.asyncDispose]();
      await page.waitForFunction(() =>
        (globalThis as unknown as { client: { status: { state: string } } }).client.status
          .state === "reconnecting"
      );
      await using _second = await serve(runtime, "tls", first.port);
      const seen = await page.evaluate(async () => {
        const { client, statuses } = globalThis as unknown as {
          client: ClientOf<typeof probe.Probe>;
          statuses: string[];
        };
        while (client.status.state !== "open") await new Promise((wake) => setTimeout(wake, 20));
        return {
          statuses: [...new Set(statuses)],
          total: client.state.current.total,
          next: await client.rpc.add({ amount: 1 }),
        };
      });
      assertEquals(seen, { statuses: ["reconnecting", "open"], total: 0, next: 1 });
      await page.close();
    });

    test(`a hidden page connects to a restarted ${runtime} when it is seen again`, async () => {
      const first = await serve(runtime, "plain");
      const { page } = await open(`${first.origin}/bundle.html`);
      // Chromium without a screen hides no page: the page is told what it would see.
      await page.evaluate(async () => {
        const seen = { state: "visible" };
        Object.defineProperty(document, "visibilityState", { get: () => seen.state });
        const show = (state: string) => {
          seen.state = state;
          document.dispatchEvent(new Event("visibilitychange"));
        };
        const attempts: string[] = [];
        const client = await probe.connect(probe.Probe, () => {
          attempts.push(seen.state);
          return location.href;
        });
        show("hidden");
        Object.assign(globalThis, { client, attempts, show });
      });
      await first[Symbol.asyncDispose]();
      await page.waitForFunction(() =>
        (globalThis as unknown as { client: { status: { state: string } } }).client.status
          .state === "reconnecting"
      );
      await using _second = await serve(runtime, "plain", first.port);
      const seen = await page.evaluate(async () => {
        const { client, attempts, show } = globalThis as unknown as {
          client: ClientOf<typeof probe.Probe>;
          attempts: string[];
          show(state: string): void;
        };
        // Several times as long as the first two waits can be.
        await new Promise((wake) => setTimeout(wake, 1000));
        const whileHidden = [...attempts];
        show("visible");
        while (client.status.state !== "open") await new Promise((wake) => setTimeout(wake, 20));
        return { whileHidden, attempts, output: await client.rpc.add({ amount: 1 }) };
      });
      assertEquals(seen, {
        whileHidden: ["visible"],
        attempts: ["visible", "visible"],
        output: 1,
      });
      await page.close();
    });

    test(`a frozen page gets what ${runtime} sent meanwhile`, async () => {
      await using server = await serve(runtime, "tls");
      const { page } = await open(`${server.origin}/module.html`);
      await page.evaluate(async () => {
        const ticks: number[] = [];
        const client = await probe.connect(probe.Probe, location.href);
        (async () => {
          for await (const { payload } of client.events({ buffer: 256, overflow: "close" })) {
            if (payload.type === "tick") ticks.push(payload.n);
          }
        })();
        await client.rpc.emit({ times: 100, afterMs: 200 });
        Object.assign(globalThis, { client, ticks });
      });
      const session = await page.context().newCDPSession(page);
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await new Promise((wake) => setTimeout(wake, 600));
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await page.waitForFunction(() =>
        (globalThis as unknown as { ticks: number[] }).ticks.length === 100
      );
      assertEquals((await server.held()).connections, 1);
      await page.close();
    });

    test(`a page loads what inflates, and what observes, when it is asked for: ${runtime}`, async () => {
      await using server = await serve(runtime, "plain");
      const page = await browser.newPage();
      const loaded: string[] = [];
      page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
      await page.goto(`${server.origin}/module.html`);
      await page.waitForFunction(() => "probe" in globalThis);
      const connect = (options: { level?: number; traced?: boolean }) =>
        page.evaluate(async ({ level, traced }) => {
          const client = await probe.connect(probe.Probe, location.href, {
            level,
            onTrace: traced === true ? () => {} : undefined,
          });
          await client.rpc.add({ amount: 1 });
          await client.close();
        }, options);
      const has = (file: string) => loaded.some((path) => path.endsWith(file));
      const LAZY = ["/runtime/streams.ts", "/deflate/inflate.ts", "/client/telemetry.ts"];
      await connect({});
      assertEquals([has("/client/client.ts"), ...LAZY.map(has)], [true, false, false, false]);
      await connect({ level: 6 });
      assertEquals(LAZY.map(has), [true, true, false]);
      await connect({ traced: true });
      assertEquals(LAZY.map(has), [true, true, true]);
      await page.close();
    });

    test(`${runtime} forgets a page that is closed in mid-call`, async () => {
      await using server = await serve(runtime, "plain");
      const { page } = await open(`${server.origin}/module.html`);
      await page.evaluate(async () => {
        const client = await probe.connect(probe.Probe, location.href);
        client.rpc.never().catch(() => {});
        await client.rpc.add({ amount: 1 });
      });
      assertEquals(await server.held(), { connections: 1, pending: 1 });
      await page.close();
      for (let n = 0; n < 100 && (await server.held()).connections > 0; n++);
      assertEquals(await server.held(), { connections: 0, pending: 0 });
    });

    test(`a page is told why ${runtime} refuses it`, async () => {
      await using server = await serve(runtime, "plain");
      const { page, console } = await open(`http://127.0.0.1:${server.port}/bundle.html`);
      const codes = await page.evaluate(async (port) => {
        const codeOf = async (connecting: Promise<unknown>) => {
          try {
            await connecting;
            return "none";
          } catch (error) {
            return error instanceof probe.ConnectError ? error.code : String(error);
          }
        };
        return {
          origin: await codeOf(probe.connect(probe.Probe, `ws://localhost:${port}`)),
          contract: await codeOf(probe.connect(probe.Changed, location.href)),
          headers: await codeOf(
            probe.connect(probe.Probe, location.href, { headers: { a: "b" } }),
          ).then((text) => text.slice(0, 9)),
        };
      }, server.port);
      assertEquals(codes, {
        origin: "OriginRefused",
        contract: "SchemaMismatch",
        headers: "TypeError",
      });
      // Nobody catches this one: it is the console that tells.
      await page.evaluate(() => {
        setTimeout(() => probe.connect(probe.Changed, location.href));
      });
      await page.waitForEvent("pageerror");
      assert(console.some((line) => line.includes("methods") && line.includes("differ")));
      await page.evaluate((port) => {
        setTimeout(() => probe.connect(probe.Probe, `ws://localhost:${port}`));
      }, server.port);
      await page.waitForEvent("pageerror");
      assert(console.some((line) => line.includes("4403") && line.includes("origin")));
      await page.close();
    });
  }

  for (const runtime of RUNTIMES) {
    test(`the counter's page of ${runtime}: two windows, keys, a lost connection`, async () => {
      await using first = await start(runtime, "../examples/counter/server.ts", "--port", "0");
      const { port } = new URL(/wss:\S+/.exec(first.firstLine)![0]);
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        viewport: { width: 360, height: 740 },
      });
      const [page, other] = [await context.newPage(), await context.newPage()];
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      for (const each of [page, other]) {
        await each.goto(`https://localhost:${port}/`);
        await each.waitForSelector("body[data-state=open]");
      }
      await page.bringToFront();
      await page.click("#increment");
      await page.keyboard.press("ArrowUp");
      await page.waitForFunction(() => document.getElementById("count")!.textContent === "2");
      await page.waitForSelector("li.you");
      await other.bringToFront();
      await other.waitForSelector("li.other");
      await page.bringToFront();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assertEquals(width, 360);

      const ended = end(first);
      await page.waitForSelector("body[data-state=reconnecting]");
      await page.waitForSelector("#problem:not([hidden])");
      assertEquals(await page.isDisabled("#increment"), true);
      await ended;
      await using second = await start(runtime, "../examples/counter/server.ts", "--port", port);
      await page.waitForSelector("body[data-state=open]");
      await page.click("#increment");
      await page.waitForFunction(() => document.getElementById("count")!.textContent === "1");
      assertEquals(await page.isHidden("#problem"), true);
      assertEquals(errors, []);
      await context.close();
      await end(second);
    });
  }

  test("a page is told that a server speaks another subprotocol, or does not listen", async () => {
    await using server = await serve("deno", "plain");
    await using other = await otherServer("chat");
    await using refusing = await otherServer("hl.2.no");
    const { page, console } = await open(`${server.origin}/bundle.html`);
    const codes = await page.evaluate(async (ports) => {
      const codes: string[] = [];
      for (const port of ports) {
        try {
          await probe.connect(probe.Probe, `ws://localhost:${port}`);
        } catch (error) {
          if (error instanceof probe.ConnectError) codes.push(error.code);
        }
      }
      return codes;
    }, [other.port, 1, refusing.port]);
    // A page is not told which of the two it was, but its console is.
    // One that chooses what only servers of ours choose is not waited for: it answers the close.
    assertEquals(codes, ["Unreachable", "Unreachable", "BadHandshake"]);
    assert(console.some((line) => line.includes("Sec-WebSocket-Protocol")));
    await page.close();
  });
});

/** Ask a program to end, and wait until it has. */
function end({ child }: Program): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

/** A WebSocket server that chooses this subprotocol, whatever is offered, and answers what comes with a close. */
async function otherServer(protocol: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const key = /^sec-websocket-key: *(\S+)/im.exec(String(data))?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.once("data", () => socket.end(Uint8Array.of(0x88, 2, 1000 >> 8, 1000 & 0xff)));
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
