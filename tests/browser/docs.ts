/// <reference lib="dom" />
/**
 * The site of the documentation in Chromium: every page, every link, and the playground. Builds it first.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { after, before, describe, test } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM_KIND, launchChromium } from "./browsers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SITE = `${ROOT}dist/site`;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
};

/** The file of a path, if there is one. */
function fileOf(path: string): string | undefined {
  const name = decodeURIComponent(path);
  const file = SITE + (name.endsWith("/") ? `${name}index.html` : name);
  return existsSync(file) && !file.includes("..") ? file : undefined;
}

/** Serves the site as any server of files does. */
function serveSite(): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const file = fileOf(pathname);
    // Browsers ask for it by themselves.
    if (file === undefined) response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
    else {
      const type = TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(readFileSync(file));
    }
  });
}

/** A page that complains into a list. */
async function watched(browser: Browser, origin: string): Promise<[Page, string[]]> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const { protocol, origin: its } = new URL(request.url());
    if (/^http/.test(protocol) && its !== origin) complaints.push(`asks ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return [page, complaints];
}

describe("the site of the documentation", { skip: CHROMIUM_KIND.skip }, () => {
  let browser: Browser;
  let server: Server;
  let origin: string;

  before(async () => {
    const args = ["run", "-A", "--no-check", `${ROOT}scripts/docs.ts`];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assertEquals(status, 0, stdout + stderr);
    server = serveSite();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    browser = await launchChromium("");
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  test("every page opens without a complaint, and every link leads somewhere", async () => {
    const pages = readdirSync(SITE).filter((name) => name.endsWith(".html") && name !== "404.html");
    const written = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md"));
    for (const name of written) assert(pages.includes(name.replace(".md", ".html")), name);
    const [page, complaints] = await watched(browser, origin);
    const anchors = new Map<string, Set<string>>();
    const links: (readonly [page: string, target: string])[] = [];
    for (const name of pages) {
      await page.goto(`${origin}/${name}`, { waitUntil: "networkidle" });
      assert((await page.title()).includes("hardlight"), name);
      const found = await page.evaluate(() => ({
        ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
        hrefs: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].map(({ href }) => href),
      }));
      anchors.set(`/${name}`, new Set(found.ids));
      for (const href of found.hrefs) links.push([name, href]);
      assertEquals(complaints, [], name);
    }
    await page.close();
    const dead: string[] = [];
    for (const [name, href] of links) {
      const { origin: its, pathname, hash } = new URL(href);
      if (its !== origin) continue;
      const path = pathname === "/" ? "/index.html" : pathname;
      const ids = anchors.get(path);
      const id = decodeURIComponent(hash.slice(1));
      if (fileOf(path) === undefined || (ids !== undefined && id !== "" && !ids.has(id))) {
        dead.push(`${name}: ${pathname}${hash}`);
      }
    }
    assertEquals([...new Set(dead)], []);
    assert(links.length > 300, `${links.length} links`);
  });

  test("the playground shows each message between both ends, decoded and in hex", async () => {
    const [page, complaints] = await watched(browser, origin);
    await page.goto(`${origin}/playground.html`);
    const click = async (method: string): Promise<void> => {
      await page.click(`.playground button.${method}`);
      await page.waitForFunction(
        (text) => document.querySelector(".playground .outcome")!.textContent!.startsWith(text),
        `${method}()`,
      );
    };
    await click("newCounter");
    await click("increment");
    await page.waitForFunction(() =>
      document.querySelector(".playground .event")!.textContent === "incremented: from 0 to 5"
    );
    assertEquals(await page.textContent(".playground .count"), "5");
    await page.fill(".playground .amount", "2");
    await click("decrement");
    await click("get");
    assertEquals(await page.textContent(".playground .outcome"), "get() → 3");

    const messages = await page.evaluate(() =>
      [...document.querySelectorAll(".playground .message")].reverse().map((message) => ({
        from: message.classList.contains("client") ? "client" : "server",
        kind: message.querySelector(".kind")!.textContent!.replace(", short", ""),
        meaning: message.querySelector(".meaning")!.textContent!,
        bytes: parseInt(message.querySelector(".bytes")!.textContent!),
        hex: [...message.querySelectorAll(".hex")].map(({ textContent }) => textContent!).join(" "),
        says: [...message.querySelectorAll(".pieces td:last-child")].map(({ textContent }) =>
          textContent!
        ).join("; "),
      }))
    );
    const shown = messages.map(({ from, kind, meaning }) =>
      `${from} ${kind} ${meaning.replace(/[0-9a-f]{2}( [0-9a-f]{2}){7}/, "…")}`
    );
    assertEquals(shown, [
      "client RPCRequest newCounter()",
      "server StateChange topic = …",
      "server RPCResponse newCounter() returned nothing",
      "client RPCRequest increment({amount: 5})",
      "server NewEvent {type: incremented, to: 5, from: 0}",
      "server StateChange counter = 5",
      "server RPCResponse increment() returned nothing",
      "client RPCRequest decrement({amount: 2})",
      "server NewEvent {type: decremented, to: 3, from: 5}",
      "server StateChange counter = 3",
      "server RPCResponse decrement() returned nothing",
      "client RPCRequest get()",
      "server RPCResponse get() returned 3",
    ]);
    // All bytes are shown, each with an explanation.
    for (const { kind, hex, bytes, says } of messages) {
      assertEquals([kind, hex.split(" ").length], [kind, bytes]);
      assert(says.length > 0);
    }
    const change = messages[5]!;
    assert(change.hex.startsWith("01 28 00 d7 ff 05 00 00 00 fc ff ff ff 04 00 00 00 00 00 00 00"));
    assert(change.says.includes("field 0, counter"));
    assertEquals(complaints, []);
    await page.close();
  });
});
