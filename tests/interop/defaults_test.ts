/** Messages between the Rust peer and this module at default limits. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { ProtocolError } from "../../mod.ts";
import { serve } from "../../server.ts";
import { echo } from "./handlers.ts";
import { startClient, startServer } from "./peer.ts";
import { RUST, SKIP } from "./programs.ts";
import { Echo } from "./services.ts";
import { noise } from "../support/noise.ts";

const MIB = 1 << 20;

test("1 MiB of noise passes from our client to Rust and back, at the defaults", {
  skip: SKIP,
}, async () => {
  await using server = await startServer(RUST ?? "", "echo");
  await using client = await connect(Echo, `wss://localhost:${server.port}`, {
    tls: "self-signed",
    reconnect: false,
  });
  const v = noise(MIB);
  assertEquals(encodeHex(await client.rpc.echoBytes({ v })), encodeHex(v));
});

test(
  "1 MiB of noise passes from Rust to our server and back, and 3 MiB end with the option's name",
  {
    skip: SKIP,
  },
  async () => {
    const errors: unknown[] = [];
    await using server = await serve(
      Echo,
      { port: 0, tls: "self-signed", onError: (error) => errors.push(error) },
      echo,
    );
    await using client = await startClient(RUST ?? "", "echo", { port: server.port });
    const v = encodeHex(noise(MIB));
    assertEquals(await client.call("echo_bytes", { v }, 30_000), { ok: v });
    assertEquals(errors, []);
    const answer = await client.call("echo_bytes", { v: encodeHex(noise(3 * MIB)) }, 1000);
    assert(!("ok" in answer));
    assertEquals(errors.length, 1);
    assertInstanceOf(errors[0], ProtocolError);
    assertEquals(errors[0].code, "TooBig");
    assertStringIncludes(errors[0].message, "maxMessageBytes");
  },
);
