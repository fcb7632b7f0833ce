import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { act, create, type ReactTestRenderer } from "react-test-renderer";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { useConnectionState, useStatus } from "../../examples/react/hooks.ts";
import type { ClientOf } from "../../client.ts";
import { memoryPair } from "../../memory.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

function View({ client }: { readonly client: ClientOf<typeof Counter> }) {
  const { counter } = useConnectionState(client);
  const { state } = useStatus(client);
  return createElement("p", null, `${counter} ${state}`);
}

test("hooks render the state and the status as they change", async () => {
  await using pair = await memoryPair(Counter, counter);
  const { client } = pair;
  const element = createElement(View, { client });
  assertEquals(renderToString(element), "<p>0 open</p>");

  const held: { root?: ReactTestRenderer } = {};
  await act(() => {
    held.root = create(element);
  });
  const text = (): unknown => (held.root!.toJSON() as { children: unknown[] }).children[0];
  assertEquals(text(), "0 open");
  await act(async () => {
    await client.rpc.newCounter();
    await client.rpc.increment({ amount: 2 });
  });
  assertEquals(text(), "2 open");
  await act(async () => {
    await client.close();
  });
  assertEquals(text(), "2 closed");
  await act(() => held.root!.unmount());
});
