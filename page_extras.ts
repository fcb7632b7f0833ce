/**
 * What a page loads that asks for more than the defaults. It imports nothing of the page's first chunk.
 *
 * @module
 */
import type { ConnectOptions } from "./client/options.ts";
import { type PageKit, partsWithExtras } from "./client/extras.ts";
import type { PageParts } from "./client/parts.ts";
import type { MethodInfo } from "./service/types.ts";
import type { ConnectError } from "./wire/errors.ts";

/**
 * {@linkcode partsWithExtras}, with what frames messages at a level above 0.
 *
 * @throws {ConnectError} `NoWebSocket` if there is none.
 */
export async function extended(
  service: { readonly name: string; readonly clientMethods: readonly MethodInfo[] },
  options: ConnectOptions<never, never, never>,
  plain: PageParts,
  kit: PageKit,
  Failure: typeof ConnectError,
): Promise<PageParts> {
  const parts = await partsWithExtras(
    service,
    options,
    plain,
    kit,
    () => import("./runtime/deflating.ts"),
  );
  if (!("WebSocket" in globalThis)) {
    throw new Failure(
      "NoWebSocket",
      "Cannot connect: there is no WebSocket here; connect in the page only (in React, in an effect), " +
        "or by @hardlight/hardlight/client",
    );
  }
  return parts;
}
