/// <reference lib="dom" />
/**
 * Tests of a page that need Chromium's own protocol: `deno task browser`. Without Chromium it says so and passes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type Program, type RuntimeId, start } from "../support/runtimes.ts";
import { CHROMIUM_KIND, launchChromium } from "./browsers.ts";
import type { probe as Probes } from "./page.ts";
import { Site } from "./site.ts";

declare const probe: typeof Probes;

const RUNTIMES: readonly RuntimeId[] = ["deno", "bun"];
const COUNTER = "../examples/counter/server.ts";
const ports = (port: string): string[] => ["--port", port, "--secure-port", "0"];

describe("in Chromium alone", { skip: CHROMIUM_KIND.skip }, () => {
  let browser: Browser;
  let site: Site;

  before(async () => {
    site = await Site.build();
    browser = await launchChromium(site.pin);
  });

  after(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  for (const runtime of RUNTIMES) {
    test(`a frozen page gets what ${runtime} sent meanwhile`, async () => {
      await using server = await site.serve(runtime, "tls");
      const page = await browser.newPage();
      await page.goto(`${server.origin}/module.html`);
      await page.waitForFunction(() => "probe" in globalThis);
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
      const status = await page.evaluate(() =>
        (globalThis as unknown as { client: { status: { state: string } } }).client.status.state
      );
      assertEquals(status, "open");
      await page.close();
    });
  }

  for (const runtime of RUNTIMES) {
    test(`the counter's page of ${runtime}: two windows, keys, a lost connection`, async () => {
      await using first = await start(runtime, COUNTER, ...ports("0"));
      const { port } = new URL(/http:\S+/.exec(first.firstLine)![0]);
      const context = await browser.newContext({
        viewport: { width: 360, height: 740 },
      });
      const [page, other] = [await context.newPage(), await context.newPage()];
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      for (const each of [page, other]) {
        await each.goto(`http://localhost:${port}/`);
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
      const textOf = (id: string) => page.textContent(`#${id}`);
      assertEquals(await textOf("last-call"), "increment({ amount: 1 })");
      await page.waitForFunction(() =>
        document.getElementById("last-event")!.textContent === "incremented 1 → 2"
      );
      assertEquals(await textOf("last-state"), "counter = 2");
      await page.click("#burst");
      await page.waitForSelector("#burst-result:not([hidden])");
      assertEquals(/^256 calls in [\d.]+ ms/.test((await textOf("burst-result"))!), true);
      await page.waitForFunction(() => document.getElementById("count")!.textContent === "258");
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assertEquals(width, 360);

      const ended = end(first);
      await page.waitForSelector("body[data-state=reconnecting]");
      await page.waitForSelector("#problem:not([hidden])");
      assertEquals(await page.isDisabled("#increment"), true);
      await ended;
      await using second = await start(runtime, COUNTER, ...ports(port));
      await page.waitForSelector("body[data-state=open]");
      await page.click("#increment");
      await page.waitForFunction(() => document.getElementById("count")!.textContent === "1");
      assertEquals(await page.isHidden("#problem"), true);
      assertEquals(errors, []);
      await context.close();
      await end(second);
    });
  }
});

/** Ask a program to end, and wait until it has. */
function end({ child }: Program): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
