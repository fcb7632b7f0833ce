/** The error of a client whose server was built from another service, by either kind of refusal. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { connect as connectPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import { ConnectError, rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

const Old = service({ rpc: { get: rpc({}, u32) } });
const New = service({ rpc: { get: rpc({}, u32), reset: rpc() } });
const Other = service({ rpc: { take: rpc({}, u32) } });

for (const [how, dial] of Object.entries({ "by status": connect, "by close": connectPage })) {
  test(`a client that is refused ${how} says that it is newer, or how to find out`, async () => {
    await using server = await serve(
      Old,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => ({ get: () => 1 }),
    );
    for (
      const [client, says] of [[New, 'It does not know method "reset"'], [Other, "wireSnapshot"]]
        .values()
    ) {
      const error = await assertRejects(
        () => dial(client as typeof New, server.url),
        ConnectError,
      );
      assertStringIncludes(error.message, says as string);
      assertEquals([error.code, error.status], ["SchemaMismatch", 400]);
    }
  });
}
