import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { connect } from "../../client.ts";
import { ConnectError } from "../../mod.ts";
import { selfSigned } from "../../tls/self_signed.ts";
import { startClient, startServer } from "./peer.ts";
import { clientProgram, ours, PAIRS, RUST, serverProgram, SKIP } from "./programs.ts";
import { Counter } from "./services.ts";

/** A certificate in files. */
class CertificateFiles implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "hardlight-interop-"));
  readonly cert: string = join(this.#folder, "cert.pem");
  readonly key: string = join(this.#folder, "key.pem");

  constructor(made: { readonly cert: string; readonly key: string }) {
    writeFileSync(this.cert, made.cert);
    writeFileSync(this.key, made.key);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** SHA-256 of the certificate that a server shows. */
async function fingerprintOf(port: number): Promise<string> {
  const socket = connectTls({ port, host: "localhost", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return createHash("sha256").update(raw).digest("hex");
}

async function codeOf(connecting: () => Promise<AsyncDisposable>): Promise<string> {
  const error = await assertRejects(async () => {
    await using _client = await connecting();
  }, ConnectError);
  return error.code;
}

for (const [clientSide, serverSide] of PAIRS) {
  test(`TLS: ${clientSide} client, ${serverSide} server: a given authority`, {
    skip: SKIP,
  }, async (context) => {
    const client = clientProgram(clientSide);
    const server = serverProgram(serverSide);
    if (client === undefined || server === undefined) {
      context.skip(`${clientSide} cannot run here`);
      return;
    }
    using files = new CertificateFiles(await selfSigned());
    using other = new CertificateFiles(await selfSigned());
    const { cert, key } = files;
    await using started = await startServer(server, "counter", { cert, key });
    const { port } = started;
    await using trusting = await startClient(client, "counter", { port, ca: cert });
    assertEquals(await trusting.call("get"), { ok: 0 });
    await assertRejects(async () => {
      await using _refused = await startClient(client, "counter", { port, ca: other.cert });
    }, Error);
  });
}

test("TLS: our client pins a certificate that Rust signed itself", { skip: SKIP }, async () => {
  await using server = await startServer(RUST ?? "", "counter");
  const { port } = server;
  const fingerprint = await fingerprintOf(port);
  await using client = await connect(Counter, `wss://localhost:${port}`, { tls: { fingerprint } });
  assertEquals(await client.rpc.get(), 0);
  const wrong = { tls: { fingerprint: "00".repeat(32) } };
  assertEquals(await codeOf(() => connect(Counter, `wss://localhost:${port}`, wrong)), "TlsFailed");
  assertEquals(await codeOf(() => connect(Counter, `wss://localhost:${port}`)), "TlsFailed");
});

for (const runtime of ["deno", "bun"] as const) {
  test(`TLS: our client on ${runtime} pins Rust's certificate`, { skip: SKIP }, async () => {
    await using server = await startServer(RUST ?? "", "counter");
    const { port } = server;
    const fingerprint = await fingerprintOf(port);
    const program = ours(runtime, "our_client.ts");
    await using client = await startClient(program, "counter", { port, fingerprint });
    assertEquals(await client.call("get"), { ok: 0 });
  });
}
