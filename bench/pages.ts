/**
 * Calls of a page, one after the other and 256 in flight, in Chromium, Firefox and WebKit, compared with those of
 * another checkout of this repository:
 * `deno run -A bench/pages.ts --before ../hardlight-before [--rounds 6] [--browsers Chromium,Firefox,WebKit]`.
 *
 * Page and server are of the same checkout; both take their turn in each round.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, stop } from "esbuild";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, BROWSERS } from "../tests/browser/browsers.ts";
import { Progress } from "./progress.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Milliseconds of each measurement. */
const PERIOD_MS = 1500;
const IN_FLIGHT = 256;

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const rounds = Number(option("rounds", "6"));
const names = option("browsers", BROWSERS.map(({ name }) => name).join()).split(",");
const before = option("before", "");
const here = fileURLToPath(new URL("..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "hardlight-pages-"));

/** A server of a checkout, with the page of the same. */
class Side implements AsyncDisposable {
  readonly origin: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, origin: string) {
    this.#child = child;
    this.origin = origin;
  }

  static async start(root: string, name: string): Promise<Side> {
    const bundle = join(folder, `${name}.js`);
    await build({
      entryPoints: [join(root, "tests/browser/page.ts")],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      outfile: bundle,
    });
    const settings = JSON.stringify({ port: 0, tls: "plain", bundle });
    const server = join(root, "tests/browser/server.ts");
    const child = spawn("deno", ["run", "-A", "--quiet", "--no-check", server, settings], {
      stdio: ["pipe", "pipe", "inherit"],
      cwd: root,
    });
    const { value } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
      .next();
    return new Side(child, `http://localhost:${JSON.parse(String(value)).port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await ended;
  }
}

/** The used parts of {@linkcode import("../tests/browser/page.ts")}; both checkouts have them. */
interface Probe {
  readonly Probe: unknown;
  connect(service: unknown, url: string): Promise<{
    readonly rpc: { add(args: { amount: number }): Promise<number> };
    close(): Promise<void>;
  }>;
}
declare const probe: Probe;

/** Calls a second, one after the other and many in flight. */
async function measure(browser: Browser, { origin }: Side): Promise<readonly [number, number]> {
  await using tab = await browser.open(`${origin}/bundle.html`);
  while (!await tab.evaluate(() => "probe" in globalThis)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return await tab.evaluate(async ({ periodMs, inFlight }) => {
    const client = await probe.connect(probe.Probe, location.href.replace("http", "ws"));
    const perSecond = async (loops: number, forMs: number): Promise<number> => {
      const startedAt = performance.now();
      let count = 0;
      await Promise.all(Array.from({ length: loops }, async () => {
        for (; performance.now() - startedAt < forMs; count++) await client.rpc.add({ amount: 0 });
      }));
      return 1000 * count / (performance.now() - startedAt);
    };
    await perSecond(inFlight, periodMs / 3);
    const figures = [await perSecond(1, periodMs), await perSecond(inFlight, periodMs)] as const;
    await client.close();
    return figures;
  }, { periodMs: PERIOD_MS, inFlight: IN_FLIGHT });
}

const rows: string[][] = [];
try {
  await using now = await Side.start(here, "now");
  await using then = await Side.start(before === "" ? here : resolve(before), "before");
  await stop();
  const progress = new Progress(
    2 * rounds * BROWSERS.filter(({ name, skip }) => skip === false && names.includes(name)).length,
  );
  for (const { name, skip, launch } of BROWSERS) {
    if (!names.includes(name)) continue;
    if (skip !== false) {
      console.error(`${name}: ${skip}`);
      continue;
    }
    await using browser = await launch("");
    const seen = {
      now: [] as (readonly [number, number])[],
      before: [] as (readonly [number, number])[],
    };
    for (let round = 0; round < rounds; round++) {
      const sides = [["now", now], ["before", then]] as const;
      for (const [side, server] of round % 2 === 0 ? sides : sides.toReversed()) {
        progress.step(`${name}, ${side}, round ${round + 1} of ${rounds}`);
        seen[side].push(await measure(browser, server));
      }
    }
    const figure = (side: keyof typeof seen, of: 0 | 1): number =>
      median(seen[side].map((figures) => figures[of]));
    for (const [of, what] of [[0, "one after the other"], [1, `${IN_FLIGHT} in flight`]] as const) {
      const [after, earlier] = [figure("now", of), figure("before", of)];
      rows.push([`${name}, ${what}`, digits(earlier), digits(after), times(after / earlier)]);
    }
  }
  progress.end();
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(formatTable({
  title: "Calls a second of a page",
  columns: ["browser and calls", "before", "now", "÷"],
  rows,
}));
