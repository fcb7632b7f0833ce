import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { ConnectError, RpcError } from "../../mod.ts";
import { start } from "../support/runtimes.ts";
import { Large, Small } from "./two_services.ts";

for (const runtime of ["deno", "bun"] as const) {
  test(`two services share a port on ${runtime}, each with its own limits`, async () => {
    await using program = await start(runtime, "mounting/two_services.ts");
    const url = `ws://localhost:${program.firstLine}`;
    await using small = await connect(Small, `${url}/small`);
    await using large = await connect(Large, `${url}/large`, { level: 0, reconnect: false });
    assertEquals(await small.rpc.add({ amount: 1 }), 2);
    assertEquals(await large.rpc.size({ text: "a".repeat(50_000) }), 50_000);
    const wrong = await assertRejects(() => connect(Small, `${url}/large`), ConnectError);
    assertEquals(wrong.code, "SchemaMismatch");
    const error = await assertRejects(
      () => large.rpc.size({ text: "a".repeat(150_000) }),
      RpcError,
    );
    assertEquals(error.code, "ConnectionLost");
    // The limits of one do not affect the other.
    assertEquals(await small.rpc.add({ amount: 2 }), 3);
    assertEquals((await fetch(`http://localhost:${program.firstLine}/`)).status, 404);
  });
}
