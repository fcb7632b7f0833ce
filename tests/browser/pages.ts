/// <reference lib="dom" />
/**
 * The client in pages of real browsers: `deno task browser`. Without a browser it says so and passes.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { after, before, describe, test } from "node:test";
import type { ClientOf } from "../../browser.ts";
import { workshop } from "../../examples/streams/handler.ts";
import { Log } from "../../examples/streams/log.ts";
import { page as workshopPage } from "../../examples/streams/page.ts";
import { Workshop } from "../../examples/streams/service.ts";
import { serve } from "../../server.ts";
import type { RuntimeId } from "../support/runtimes.ts";
import { type Browser, BROWSERS, CHROMIUM_KIND, type Tab } from "./browsers.ts";
import { freePort } from "../support/engine.ts";
import type { probe as Probes } from "./page.ts";
import { otherServer, Site } from "./site.ts";

declare const probe: typeof Probes;

const RUNTIMES: readonly RuntimeId[] = ["deno", "bun"];
const PAGES = ["module", "bundle"] as const;

const pause = () => new Promise<void>((wake) => setTimeout(wake, 20));

/** Wait until a condition holds in a page. */
async function until(tab: Tab, condition: () => boolean): Promise<void> {
  while (!await tab.evaluate(condition)) await pause();
}

/** Until a page has written a line with all of these words. */
async function written(tab: Tab, ...words: readonly string[]): Promise<void> {
  while (!(await tab.console()).some((line) => words.every((word) => line.includes(word)))) {
    await pause();
  }
}

for (const kind of BROWSERS) {
  describe(`in ${kind.name}`, { skip: kind.skip, timeout: 300_000 }, () => {
    let browser: Browser;
    let site: Site;

    before(async () => {
      site = await Site.build();
      browser = await kind.launch(site.pin);
    });

    after(async () => {
      await browser?.[Symbol.asyncDispose]();
      await site?.[Symbol.asyncDispose]();
    });

    test("a file goes up and long work is stopped, in the example's page", async () => {
      const log = new Log();
      const options = { port: 0, tls: "plain", fallback: workshopPage } as const;
      await using server = await serve(Workshop, options, workshop(log));
      await using tab = await browser.open(`http://localhost:${server.port}/`);
      await until(tab, () => document.getElementById("count")!.onclick !== null);
      await tab.evaluate(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(3_000_000)], "a.bin"));
        const input = document.getElementById("file") as HTMLInputElement;
        input.files = transfer.files;
        input.dispatchEvent(new Event("change"));
      });
      await until(tab, () =>
        document.getElementById("upload-status")!.textContent ===
          "The server has all 3000000 bytes of a.bin.");
      assertEquals(
        await tab.evaluate(() =>
          (document.getElementById("uploaded") as HTMLProgressElement).value
        ),
        3_000_000,
      );
      await tab.evaluate(() => {
        (document.getElementById("below") as HTMLInputElement).value = "4000000000";
        document.getElementById("count")!.click();
        document.getElementById("follow")!.click();
      });
      const status = (): string => document.getElementById("count-status")!.textContent!;
      while (!/^[1-9][0-9]* primes so far$/.test(await tab.evaluate(status))) await pause();
      await tab.evaluate(() => document.getElementById("cancel-count")!.click());
      await until(tab, () => document.getElementById("count-status")!.textContent === "Stopped.");
      await until(
        tab,
        () => /has [0-9]+ primes/.test(document.getElementById("log")!.textContent!),
      );
      await tab.evaluate(() => document.getElementById("unfollow")!.click());
      while (log.followers > 0) await pause();
      await until(tab, () => document.getElementById("log-status")!.textContent === "Stopped.");
      const lines = await tab.evaluate(() => document.getElementById("log")!.textContent!);
      assertMatch(lines, /has [0-9]+ primes of [0-9]+ numbers\n$/);
    });

    for (const runtime of RUNTIMES) {
      for (const tls of ["plain", "tls"] as const) {
        for (const form of PAGES) {
          test(`calls, state, events and large messages: ${form}, ${tls}, ${runtime}`, async () => {
            await using server = await site.serve(runtime, tls);
            await using tab = await browser.open(`${server.origin}/${form}.html`);
            await until(tab, () => "probe" in globalThis);
            const seen = await tab.evaluate(async () => {
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
            const evaluates = await tab.evaluate(() => {
              const script = document.createElement("script");
              script.textContent = "globalThis.inlined = true";
              document.head.append(script);
              return "inlined" in globalThis;
            });
            assertEquals(evaluates, false);
            assertEquals(
              (await tab.console()).filter((line) => /eval|hardlight|uncaught/i.test(line)),
              [],
            );
          });
        }
      }

      for (const form of PAGES) {
        test(`streams, and calls by the server: ${form}, ${runtime}`, async () => {
          await using server = await site.serve(runtime, "tls");
          await using tab = await browser.open(`${server.origin}/${form}.html`);
          await until(tab, () => "probe" in globalThis);
          const seen = await tab.evaluate(async () => {
            const client = await probe.connect(probe.Probe, location.href);
            const counting = async () => (await (await fetch("/held")).json()).counting;
            let last = 0;
            for await (const n of client.rpc.count({ from: 1 })) {
              last = n;
              if (n === 50_000) break;
            }
            const reader = client.rpc.count({ from: 7 }).readable.getReader();
            const { value } = await reader.read();
            await reader.cancel();
            while (await counting() > 0) await new Promise((wake) => setTimeout(wake, 20));
            const part = new Uint8Array(100_000);
            const parts = async function* () {
              for (let i = 0; i < 30; i++) yield await Promise.resolve(part);
            };
            const sum = await client.rpc.sum({ parts: parts() });
            const file = await client.rpc.sum({ parts: new Blob([part, part]).stream() });
            // Sources of 500 ms go on in turns of the event loop, in which other things are done.
            let turns = 0;
            let made = 0;
            const busy = function* () {
              for (let i = 0; i < 20; i++, made++) {
                for (const end = performance.now() + 0.1; performance.now() < end;);
                yield new Uint8Array(8);
              }
            };
            const uploads = Promise.all(
              Array.from({ length: 250 }, () => client.rpc.sum({ parts: busy() })),
            );
            for (; made < 250 * 20; turns++) await new Promise((wake) => setTimeout(wake));
            const sums = new Set(await uploads);
            const { streamsOpen, callsPending } = client.stats();
            await client.close();
            const address = new URL(location.href);
            address.port = await (await fetch("/asking")).text();
            const asked: string[] = [];
            const asking = await probe.connect(probe.Asking, address, {
              client: {
                confirm({ text }) {
                  asked.push(text);
                  return text === "Sure?";
                },
              },
            });
            const sure = await asking.rpc.ask({ text: "Sure?" });
            const no = await asking.rpc.ask({ text: "No?" });
            await asking.close();
            const waits = turns < 10 ? `${turns} turns` : "in turns";
            return {
              ...{ last, value, sum, file, streamsOpen, callsPending, sure, no, asked },
              ...{ sums: [...sums], waits },
            };
          });
          assertEquals(seen, {
            last: 50_000,
            value: 7,
            sum: 3_000_000,
            file: 200_000,
            streamsOpen: 0,
            callsPending: 0,
            sure: true,
            no: false,
            asked: ["Sure?", "No?"],
            sums: [160],
            waits: "in turns",
          });
        });
      }

      test(`a page connects again when ${runtime} has restarted`, async () => {
        const first = await site.serve(runtime, "tls");
        await using tab = await browser.open(`${first.origin}/bundle.html`);
        await until(tab, () => "probe" in globalThis);
        await tab.evaluate(async () => {
          const statuses: string[] = [];
          const client = await probe.connect(probe.Probe, location.href);
          client.onStatus(({ state }) => statuses.push(state));
          await client.rpc.add({ amount: 2 });
          Object.assign(globalThis, { client, statuses });
        });
        await first[Symbol.asyncDispose]();
        await until(
          tab,
          () =>
            (globalThis as unknown as { client: { status: { state: string } } }).client.status
              .state === "reconnecting",
        );
        await using _second = await site.serve(runtime, "tls", first.port);
        const seen = await tab.evaluate(async () => {
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
      });

      test(`a hidden page connects to a restarted ${runtime} when it is seen again`, async () => {
        const first = await site.serve(runtime, "plain");
        await using tab = await browser.open(`${first.origin}/bundle.html`);
        await until(tab, () => "probe" in globalThis);
        // Without a screen no page is hidden: the test simulates it.
        await tab.evaluate(async () => {
          const seen = { state: "visible" };
          Object.defineProperty(document, "hidden", { get: () => seen.state === "hidden" });
          const show = (state: string) => {
            seen.state = state;
            document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
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
        await until(
          tab,
          () =>
            (globalThis as unknown as { client: { status: { state: string } } }).client.status
              .state === "reconnecting",
        );
        await using _second = await site.serve(runtime, "plain", first.port);
        const seen = await tab.evaluate(async () => {
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
      });

      test(`a page loads the code for inflating and for tracing on demand: ${runtime}`, async () => {
        await using server = await site.serve(runtime, "plain");
        await using tab = await browser.open(`${server.origin}/module.html`);
        await until(tab, () => "probe" in globalThis);
        const connect = (options: { level?: number; traced?: boolean }) =>
          tab.evaluate(async ({ level, traced }) => {
            const client = await probe.connect(probe.Probe, location.href, {
              level,
              onTrace: traced === true ? () => {} : undefined,
            });
            await client.rpc.add({ amount: 1 });
            await client.close();
          }, options);
        const loaded = (files: readonly string[]) =>
          tab.evaluate((files) => {
            const names = performance.getEntriesByType("resource").map(({ name }) => name);
            return files.map((file) => names.some((name) => name.endsWith(file)));
          }, files);
        const LAZY = ["/runtime/streams.ts", "/deflate/inflate.ts", "/client/telemetry.ts"];
        await connect({});
        assertEquals(await loaded(["/client/client.ts", ...LAZY]), [true, false, false, false]);
        await connect({ level: 6 });
        assertEquals(await loaded(LAZY), [true, true, false]);
        await connect({ traced: true });
        assertEquals(await loaded(LAZY), [true, true, true]);
      });

      test(`${runtime} forgets a page that is closed in mid-call`, async () => {
        await using server = await site.serve(runtime, "plain");
        const tab = await browser.open(`${server.origin}/module.html`);
        await until(tab, () => "probe" in globalThis);
        await tab.evaluate(async () => {
          const client = await probe.connect(probe.Probe, location.href);
          client.rpc.never().catch(() => {});
          await client.rpc.add({ amount: 1 });
        });
        assertEquals(await server.held(browser), { connections: 1, pending: 1, counting: 0 });
        await tab[Symbol.asyncDispose]();
        for (let n = 0; n < 100 && (await server.held(browser)).connections > 0; n++);
        assertEquals(await server.held(browser), { connections: 0, pending: 0, counting: 0 });
      });

      test(`a page learns why ${runtime} refuses it`, async () => {
        await using server = await site.serve(runtime, "plain");
        await using tab = await browser.open(`http://127.0.0.1:${server.port}/bundle.html`);
        await until(tab, () => "probe" in globalThis);
        const codes = await tab.evaluate(async (port) => {
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
        // This error is uncaught and appears in the console.
        await tab.evaluate(() => {
          setTimeout(() => probe.connect(probe.Changed, location.href));
        });
        await written(tab, "methods", "differ");
        await tab.evaluate((port) => {
          setTimeout(() => probe.connect(probe.Probe, `ws://localhost:${port}`));
        }, server.port);
        await written(tab, "4403", "origin");
      });
    }

    test("a page learns that a server has another subprotocol, or does not listen", async () => {
      await using server = await site.serve("deno", "plain");
      await using other = await otherServer("chat");
      await using refusing = await otherServer("hl.2.no");
      await using tab = await browser.open(`${server.origin}/bundle.html`);
      await until(tab, () => "probe" in globalThis);
      const codes = await tab.evaluate(async (ports) => {
        const codes: string[] = [];
        for (const port of ports) {
          try {
            const limits = { handshakeTimeoutMs: 1000 };
            await probe.connect(probe.Probe, `ws://localhost:${port}`, { limits });
          } catch (error) {
            if (error instanceof probe.ConnectError) codes.push(error.code);
          }
        }
        return codes;
      }, [other.port, await freePort(), refusing.port]);
      // A page cannot tell which of the two it was; its console can.
      // The client waits for a server that chooses `hl.2.no`: hardlight servers send the reason of their close.
      assertEquals(codes, ["Unreachable", "Unreachable", "TimedOut"]);
      if (kind === CHROMIUM_KIND) await written(tab, "Sec-WebSocket-Protocol");
    });

    test("a page learns at once that a server sends text, and so is not a hardlight server", async () => {
      await using server = await site.serve("deno", "plain");
      await using other = await otherServer("hl.2", Uint8Array.of(0x81, 2, 0x68, 0x69));
      await using tab = await browser.open(`${server.origin}/bundle.html`);
      await until(tab, () => "probe" in globalThis);
      const told = await tab.evaluate(async (port) => {
        try {
          await probe.connect(probe.Probe, `ws://localhost:${port}`, {
            onConnect: async ({ rpc }) => void await rpc.add({ amount: 1 }),
          });
          return "none";
        } catch (error) {
          return error instanceof probe.ConnectError ? `${error.code}: ${error.message}` : error;
        }
      }, other.port);
      assertEquals(
        told,
        "ConnectionLost: Cannot take text: BadMessage",
      );
    });
  });
}
