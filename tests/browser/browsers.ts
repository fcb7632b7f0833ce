/// <reference lib="dom" />
// deno-lint-ignore-file no-console
/**
 * The browsers that the client is tried in, driven alike: Chromium by its own protocol, Firefox by WebDriver
 * BiDi, WebKit (its GTK port) by WebDriver.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { type Browser as Chromium, chromium } from "playwright-core";
import { type Browser as Puppet, launch as launchPuppeteer, type Page } from "puppeteer-core";
import { freePort } from "../support/engine.ts";
import { skipped } from "../support/required.ts";

/** A function for a page, with one JSON argument. Its source is sent, so it cannot use outer names. */
export type Step<Argument, Output> = (argument: Argument) => Output | Promise<Output>;

/** An open page. */
export interface Tab extends AsyncDisposable {
  /** Run a function in the page. */
  evaluate<Output, Argument = undefined>(
    step: Step<Argument, Output>,
    argument?: Argument,
  ): Promise<Output>;
  /** The page's console output, and its uncaught errors. */
  console(): Promise<readonly string[]>;
}

/** A browser that runs. */
export interface Browser extends AsyncDisposable {
  /** Open a page, once it has loaded. */
  open(url: string): Promise<Tab>;
}

/** A browser that may be installed. */
export interface BrowserKind {
  readonly name: string;
  /** Why its tests are skipped, or `false`. */
  readonly skip: string | false;
  /** Run it; `pin` is the SHA-256 of the public key of the one certificate to trust. */
  launch(pin: string): Promise<Browser>;
}

function missing(path: string, variable: string): string | false {
  return existsSync(path) ? false : `${path} is not there: set ${variable}`;
}

/** The first of these that is there, or the first of all. */
function firstOf(...paths: readonly [string, ...string[]]): string {
  return paths.find((path) => existsSync(path)) ?? paths[0];
}

const CHROMIUM = process.env.CHROMIUM ?? firstOf("/usr/bin/chromium", "/usr/bin/google-chrome");

/** The arguments that it is run with. */
function argsOf(pin: string): string[] {
  return [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    // Without it `performance.memory` is rounded, and stays what it was for minutes.
    "--enable-precise-memory-info",
    "--disable-background-networking",
    `--ignore-certificate-errors-spki-list=${pin}`,
  ];
}

/** Chromium itself, for tests that need its own protocol. */
export function launchChromium(pin: string): Promise<Chromium> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: argsOf(pin),
  });
}

/** Chromium, or a browser built on it. */
export const CHROMIUM_KIND: BrowserKind = {
  name: "Chromium",
  skip: skipped("chromium", missing(CHROMIUM, "CHROMIUM")),
  async launch(pin) {
    return kept(
      await launchPuppeteer({
        executablePath: CHROMIUM,
        args: argsOf(pin),
        // Else each message of a WebSocket is also sent to this process, as base64: that takes longer than all else.
        networkEnabled: false,
      }),
      // Else all tabs but the last are hidden, and a hidden page does not connect again.
      (page) => page.emulateFocusedPage(true),
    );
  },
};

const FIREFOX = process.env.FIREFOX ?? firstOf("/usr/bin/firefox-esr", "/usr/bin/firefox");

/** Firefox. */
export const FIREFOX_KIND: BrowserKind = {
  name: "Firefox",
  skip: skipped("firefox", missing(FIREFOX, "FIREFOX")),
  async launch() {
    return kept(
      await launchPuppeteer({
        browser: "firefox",
        executablePath: FIREFOX,
        acceptInsecureCerts: true,
      }),
    );
  },
};

/** A browser that Puppeteer drives. */
function kept(browser: Puppet, prepare?: (page: Page) => Promise<void>): Browser {
  return {
    async open(url) {
      const page = await browser.newPage();
      await prepare?.(page);
      const lines: string[] = [];
      page.on("console", (message) => lines.push(message.text()));
      page.on("pageerror", (error) => lines.push(String(error)));
      await page.goto(url);
      return {
        evaluate: (step, argument) => page.evaluate(step as never, argument as never),
        console: () => Promise.resolve(lines),
        [Symbol.asyncDispose]: () => page.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

const WEBKIT_DRIVER = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
const XVFB = process.env.XVFB ?? "/usr/bin/Xvfb";
/** Milliseconds that a step may take. */
const STEP_TIMEOUT_MS = 300_000;

/** WebKit's own small browser, which comes with the library. */
function miniBrowser(): string {
  for (const lib of ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec"]) {
    if (!existsSync(lib)) continue;
    const found = readdirSync(lib).filter((name) => /^webkit2?gtk-/.test(name))
      .map((name) => `${lib}/${name}/MiniBrowser`).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return "MiniBrowser";
}

const MINI_BROWSER = process.env.MINI_BROWSER ?? miniBrowser();

/** WebKitGTK, on a separate screen. */
export const WEBKIT_KIND: BrowserKind = {
  name: "WebKit",
  skip: skipped(
    "webkit",
    missing(WEBKIT_DRIVER, "WEBKIT_DRIVER") || missing(XVFB, "XVFB") ||
      missing(MINI_BROWSER, "MINI_BROWSER"),
  ),
  async launch() {
    const screen = spawn(XVFB, ["-displayfd", "1", "-nolisten", "tcp"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let driver: ChildProcess | undefined;
    const end = async (): Promise<void> => {
      await ended(driver);
      await ended(screen);
    };
    try {
      const display = await new Promise<string>((resolve, reject) => {
        screen.stdout.once("data", (line) => resolve(String(line).trim()));
        screen.once("exit", () => reject(new Error(`${XVFB} has ended`)));
      });
      const port = await freePort();
      driver = spawn(WEBKIT_DRIVER, [`--port=${port}`], {
        env: { ...process.env, DISPLAY: `:${display}` },
        stdio: "ignore",
      });
      const session = await newSession(`http://127.0.0.1:${port}`, driver);
      const first = await command("GET", `${session}/window`) as string;
      return {
        open: (url) => openTab(session, first, url),
        async [Symbol.asyncDispose]() {
          await command("DELETE", session);
          await end();
        },
      };
    } catch (error) {
      await end();
      throw error;
    }
  },
};

/** All of them. */
export const BROWSERS: readonly BrowserKind[] = [CHROMIUM_KIND, FIREFOX_KIND, WEBKIT_KIND];

function ended(child: ChildProcess | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return resolve();
    }
    child.once("exit", () => resolve());
    child.kill();
  });
}

/** One command of WebDriver (https://www.w3.org/TR/webdriver2/). */
async function command(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { "content-type": "application/json" },
  });
  const { value } = await response.json() as { readonly value: unknown };
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`);
  return value;
}

/** Begin a session, once the driver answers; returns its URL. */
async function newSession(driverUrl: string, driver: ChildProcess): Promise<string> {
  for (;;) {
    if (driver.exitCode !== null) throw new Error(`${WEBKIT_DRIVER} has ended`);
    if (await command("GET", `${driverUrl}/status`).then(() => true, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { sessionId } = await command("POST", `${driverUrl}/session`, {
    capabilities: {
      alwaysMatch: {
        acceptInsecureCerts: true,
        "webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] },
      },
    },
  }) as { readonly sessionId: string };
  const session = `${driverUrl}/session/${sessionId}`;
  await command("POST", `${session}/timeouts`, { script: STEP_TIMEOUT_MS });
  return session;
}

/** A window of WebKit: a tab would be hidden. Commands go to the current window, so each names its own first. */
async function openTab(session: string, first: string, url: string): Promise<Tab> {
  // The current one may be closed.
  await command("POST", `${session}/window`, { handle: first });
  const { handle } = await command("POST", `${session}/window/new`, { type: "window" }) as {
    readonly handle: string;
  };
  const here = (): Promise<unknown> => command("POST", `${session}/window`, { handle });
  const evaluate = async <Output, Argument>(
    step: Step<Argument, Output>,
    argument?: Argument,
  ): Promise<Output> => {
    await here();
    const { value, error } = await command("POST", `${session}/execute/async`, {
      script: `const [argument, done] = arguments;
        Promise.resolve(argument).then(${step}).then((value) => done({ value }),
          (error) => done({ error: String(error) }));`,
      args: [argument ?? null],
    }) as { readonly value: Output; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  };
  await here();
  await command("POST", `${session}/url`, { url });
  // WebDriver does not report console output.
  await evaluate(() => {
    const lines: string[] = [];
    for (const level of ["log", "warn", "error"] as const) {
      const write = console[level];
      console[level] = (...args: unknown[]) => {
        lines.push(args.map(String).join(" "));
        write.apply(console, args);
      };
    }
    addEventListener("error", ({ message }) => lines.push(message));
    addEventListener("unhandledrejection", ({ reason }) => lines.push(String(reason)));
    Object.assign(globalThis, { consoleLines: lines });
  });
  return {
    evaluate,
    console: () =>
      evaluate(() => (globalThis as unknown as { consoleLines: string[] }).consoleLines),
    async [Symbol.asyncDispose]() {
      await here();
      await command("DELETE", `${session}/window`);
    },
  };
}
