/**
 * {@linkcode Site}: the server of the pages.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { selfSigned } from "../../tls/self_signed.ts";
import { type RuntimeId, start } from "../support/runtimes.ts";
import type { Browser } from "./browsers.ts";
import type { Settings } from "./server.ts";

/** The resources that a server holds for its clients. */
export interface Held {
  readonly connections: number;
  /** Calls that wait. */
  readonly pending: number;
  /** Sources that have not returned. */
  readonly counting: number;
}

/** A running server. */
export interface Served extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  /** The resources that the server still holds for its clients. */
  held(browser: Browser): Promise<Held>;
}

/** A bundle, and a certificate, for servers on any runtime. */
export class Site implements AsyncDisposable {
  readonly #folder: string;
  readonly #certificate: { readonly cert: string; readonly key: string };

  private constructor(folder: string, certificate: { cert: string; key: string }) {
    this.#folder = folder;
    this.#certificate = certificate;
  }

  /** Bundle the page. */
  static async build(): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), "hardlight-"));
    await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      outfile: join(folder, "bundle.js"),
    });
    await stop();
    return new Site(folder, await selfSigned());
  }

  /** SHA-256 of the certificate's public key, in base64. */
  get pin(): string {
    const spki = new X509Certificate(this.#certificate.cert).publicKey
      .export({ type: "spki", format: "der" });
    return createHash("sha256").update(spki).digest("base64");
  }

  /** Run a server. */
  async serve(runtime: RuntimeId, tls: "plain" | "tls", port = 0): Promise<Served> {
    const settings: Settings = {
      port,
      tls: tls === "plain" ? "plain" : this.#certificate,
      bundle: join(this.#folder, "bundle.js"),
    };
    const program = await start(runtime, "browser/server.ts", JSON.stringify(settings));
    const bound = JSON.parse(program.firstLine).port as number;
    const origin = `${tls === "plain" ? "http" : "https"}://localhost:${bound}`;
    return {
      origin,
      port: bound,
      async held(browser) {
        await using tab = await browser.open(`${origin}/held`);
        return JSON.parse(await tab.evaluate(() => document.body.textContent));
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * A WebSocket server that chooses this subprotocol, whatever is offered. It answers what comes with these
 * frames, one each, and then with a close.
 */
export async function otherServer(
  protocol: string,
  ...frames: readonly Uint8Array[]
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const key = /^sec-websocket-key: *(\S+)/im.exec(String(data))?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      const answers = [...frames];
      socket.on("data", () => {
        const answer = answers.shift();
        if (answer !== undefined) socket.write(answer);
        else socket.end(Uint8Array.of(0x88, 2, 1000 >> 8, 1000 & 0xff));
      });
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
