/** The errors of failed connections: the cause, where, and what to do. */
import { describe, test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "../../client.ts";
import { ConnectError, rpc, service, u32 } from "../../mod.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import { certificates } from "../support/certificates.ts";

const Small = service({ rpc: { one: rpc({}, u32) } });

describe("connect() says", () => {
  for (const address of ["", "localhost:8080", "//localhost", "ftp://localhost", "8080"]) {
    test(`what a URL is, given ${JSON.stringify(address)}`, async () => {
      const error = await assertRejects(() => connect(Small, address), TypeError);
      assertStringIncludes(error.message, `"${address}"`);
      assertStringIncludes(error.message, "wss://host:port");
    });
  }

  async function message(
    play: Parameters<typeof ScriptedServer.start>[0],
    scheme: "ws" | "wss",
    secure: boolean,
  ): Promise<string> {
    const { server: certificate } = await certificates();
    await using server = await ScriptedServer.start(play, secure ? certificate : undefined);
    const url = `${scheme}://127.0.0.1:${server.port}/path`;
    const error = await assertRejects(() => connect(Small, url, { reconnect: false }));
    assertEquals(error instanceof ConnectError, true);
    const { message } = error as ConnectError;
    assertStringIncludes(message, `127.0.0.1:${server.port}`);
    assertEquals(message, message.trim());
    return message;
  }

  const cases = [
    { what: "wss: to a server without TLS", scheme: "wss", secure: false, says: "by ws:" },
    { what: "ws: to a server with TLS", scheme: "ws", secure: true, says: "by wss:" },
    { what: "a self-signed certificate", scheme: "wss", secure: true, says: "fingerprint" },
  ] as const;
  for (const { what, scheme, secure, says } of cases) {
    test(`what to do about ${what}`, async () => {
      const text = await message((each) => each.write("HTTP/1.1 400 Bad\r\n\r\n"), scheme, secure);
      assertStringIncludes(text, says);
    });
  }

  test('that a "ca" is of another server', async () => {
    const { server: certificate, other } = await certificates();
    await using server = await ScriptedServer.start(() => {}, certificate);
    const error = await assertRejects(() =>
      connect(Small, `wss://127.0.0.1:${server.port}`, {
        tls: { ca: other.cert },
        reconnect: false,
      })
    );
    assertEquals((error as ConnectError).code, "TlsFailed");
    assertStringIncludes((error as ConnectError).message, 'its certificate is not in "tls.ca"');
  });

  test("which address a 404 came from, and its words on one line", async () => {
    const text = await message(
      async (each) => {
        await each.readRequest();
        each.write("HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\nnot\r\nhere\r\n");
      },
      "ws",
      false,
    );
    assertStringIncludes(text, "/path");
    assertStringIncludes(text, "404: not here");
  });

  const strangers: Readonly<Record<string, readonly [answer: string, says: string]>> = {
    "no HTTP": ["SSH-2.0-OpenSSH_9.6\r\n", "/path: it does not answer in HTTP/1.1"],
    "a page": [
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
      "/path: it answered with status 200: <html> (is the service at this address and path?)",
    ],
    "a WebSocket server of another kind": [
      "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "/path: its Sec-WebSocket-Accept does not match the request",
    ],
  };
  for (const [what, [answer, says]] of Object.entries(strangers)) {
    test(`where it was, if what answers is ${what}`, async () => {
      const text = await message(
        async (each) => {
          await each.readRequest();
          each.write(answer);
        },
        "ws",
        false,
      );
      assertStringIncludes(text, says);
    });
  }

  test("which extension a server chose, and that it was not offered", async () => {
    const text = await message(
      async (each) => {
        const accept = await each.readRequest();
        each.write(
          "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: hl/2\r\n` +
            "x-hl-x: 7\r\n\r\n",
        );
      },
      "ws",
      false,
    );
    assertStringIncludes(text, "/path: it answered with x-hl-x: 7, which was not offered");
  });

  const trusts: Readonly<Record<string, readonly [tls: unknown, says: string]>> = {
    "a word that is none": ["selfsigned", 'tls "selfsigned": expected self-signed, { ca } or'],
    "a name that is none": [{ fingerprnt: "" }, 'option "fingerprnt" of tls: there are ca, finger'],
    "null": [null, 'tls "null": expected self-signed'],
  };
  for (const [what, [tls, says]] of Object.entries(trusts)) {
    test(`which certificates it can trust, given ${what}`, async () => {
      const error = await assertRejects(
        () => connect(Small, "wss://127.0.0.1:1", { tls: tls as never }),
        TypeError,
      );
      assertStringIncludes(error.message, says);
    });
  }
});
