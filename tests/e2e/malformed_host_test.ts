import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { rpc, service } from "../../mod.ts";
import { serve } from "../../server.ts";
import { RawClient, upgradeRequest } from "../support/raw_client.ts";

const Empty = service({ rpc: { ping: rpc() } });

for (const host of ["loc:lhost", "a b", "[::1", "localhost:99999999"]) {
  test(`serve() answers a request with the Host "${host}" with 400, without calling a callback`, async () => {
    let asked = 0;
    const count = () => {
      asked++;
      return new Response();
    };
    await using server = await serve(
      Empty,
      { port: 0, hostname: "127.0.0.1", tls: "plain", authorize: count, fallback: count },
      () => ({ ping() {} }),
    );
    for (const upgrade of ["Upgrade", null]) {
      const client = await RawClient.connect(server.port);
      client.write(
        upgradeRequest({ "Host": host, "Connection": upgrade, "Upgrade": upgrade && "websocket" }),
      );
      await client.until(() => client.bytes.includes("\r\n\r\n"));
      client.socket.destroy();
      const head = client.bytes.toString("latin1");
      assert(head.startsWith("HTTP/1.1 400"), head);
    }
    assertEquals(asked, 0);
  });
}
