import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { pem } from "../../tls/pem.ts";

test("pem() breaks lines at 64 characters", () => {
  assertEquals(
    pem("CERTIFICATE", new Uint8Array(49)),
    `-----BEGIN CERTIFICATE-----\n${"A".repeat(64)}\nAA==\n-----END CERTIFICATE-----\n`,
  );
  assertEquals(
    pem("PRIVATE KEY", new Uint8Array(48).fill(255)),
    `-----BEGIN PRIVATE KEY-----\n${"/".repeat(64)}\n-----END PRIVATE KEY-----\n`,
  );
});
