import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { selfSigned } from "../../tls/self_signed.ts";

const DAY_MS = 86_400_000;

test("selfSigned() makes a certificate for this machine, signed by its own key", async () => {
  const { cert, key, fingerprint } = await selfSigned();
  const x509 = new X509Certificate(cert);
  assertEquals(
    x509.subjectAltName?.replace("0:0:0:0:0:0:0:1", "::1"),
    "DNS:localhost, IP Address:127.0.0.1, IP Address:::1",
  );
  assert(x509.verify(x509.publicKey));
  assertEquals(x509.ca, false);
  assertEquals(x509.subject, x509.issuer);
  assertEquals(x509.checkHost("localhost"), "localhost");
  assertEquals(x509.checkHost("example.com"), undefined);
  assertEquals(x509.checkIP("127.0.0.1"), "127.0.0.1");
  assertEquals(x509.checkIP("127.0.0.2"), undefined);
  assertEquals(x509.fingerprint256.replaceAll(":", "").toLowerCase(), fingerprint);
  assertMatch(key, /^-----BEGIN PRIVATE KEY-----\n/);
});

test("selfSigned() is valid from an hour ago for the days asked for", async () => {
  for (const days of [1, 365, 36_500]) {
    const before = Date.now();
    const { validFrom, validTo } = new X509Certificate((await selfSigned({ days })).cert);
    const now = Date.parse(validFrom) + 3_600_000;
    assert(now > before - 2000 && now <= Date.now());
    assertEquals(Date.parse(validTo) - now, days * DAY_MS);
  }
});

test("selfSigned() gives every certificate its own serial number and subject", async () => {
  const [a, b] = [await selfSigned(), await selfSigned()].map((s) => new X509Certificate(s.cert));
  assertNotEquals(a?.serialNumber, b?.serialNumber);
  assertNotEquals(a?.subject, b?.subject);
  assertMatch(a?.serialNumber ?? "", /^[4-7][0-9A-F]{31}$/);
});

test("selfSigned() refuses options that make no certificate", async () => {
  await assertRejects(() => selfSigned({ hosts: [] }), TypeError);
  await assertRejects(() => selfSigned({ hosts: ["a b"] }), TypeError);
  for (const wrong of [null, 1, "", { hosts: "localhost" }, { hosts: [1] }, { hosts: null }]) {
    const { message } = await assertRejects(() => selfSigned(wrong as never), TypeError);
    assertMatch(message, /expected options, as in/);
  }
  for (const days of [0, -1, NaN, Infinity, 36_501]) {
    await assertRejects(() => selfSigned({ days }), RangeError);
  }
});

/** Dial a server that has `own`, trusting `trusted`; the error, or undefined when it was trusted. */
async function dial(
  own: { cert: string; key: string },
  trusted: string,
  servername: string,
): Promise<unknown> {
  const server = createServer({ cert: own.cert, key: own.key }, (socket) => {
    socket.on("error", () => {});
    socket.end("hello");
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port, servername, ca: trusted });
    try {
      const [data] = await once(socket, "data");
      assertEquals(String(data), "hello");
      return undefined;
    } catch (error) {
      return error;
    } finally {
      socket.destroy();
    }
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("selfSigned() is trusted by a client that has the certificate, and by no other", async () => {
  const own = await selfSigned();
  const other = await selfSigned();
  assertEquals(await dial(own, own.cert, "localhost"), undefined);
  assert(await dial(own, other.cert, "localhost") instanceof Error);
  assert(await dial(own, own.cert, "example.com") instanceof Error);
});

const openssl = spawnSync("openssl", ["version"]).status === 0;
test("selfSigned() passes OpenSSL's strict checks", { skip: !openssl }, async () => {
  const { cert, key } = await selfSigned({ hosts: ["a.example", "192.0.2.1"], days: 36_500 });
  const text = spawnSync("openssl", ["x509", "-noout", "-text"], { input: cert });
  assertEquals(text.status, 0);
  assertMatch(String(text.stdout), /Version: 3[^]*DNS:a\.example, IP Address:192\.0\.2\.1/);
  assertEquals(spawnSync("openssl", ["pkey", "-check", "-noout"], { input: key }).status, 0);
});
