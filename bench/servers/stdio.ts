/**
 * The protocol between a benchmark's server and the process that started it.
 *
 * It prints `listening <port>` and, over TLS, its certificate as JSON; answers each line on stdin with
 * its CPU time; and ends with stdin.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { createInterface } from "node:readline";
import { type SelfSigned, selfSigned } from "../../tls/self_signed.ts";

/** The certificate, if `--tls` was asked for. */
export async function certificateIfAsked(): Promise<SelfSigned | undefined> {
  return process.argv.includes("--tls") ? await selfSigned() : undefined;
}

/** Announce the port, and answer until stdin ends. */
export async function announce(port: number, certificate: SelfSigned | undefined): Promise<void> {
  console.log(`listening ${port} ${JSON.stringify(certificate?.cert ?? "")}`);
  for await (const _ of createInterface({ input: process.stdin })) {
    const { user, system } = process.cpuUsage();
    console.log(`usage ${user + system}`);
  }
  process.exit(0);
}
