/**
 * What a page loads that asks for more than the defaults. It imports nothing of the page's first chunk.
 *
 * @module
 */
import type { ConnectOptions } from "./client/options.ts";
import { type PageKit, partsWithExtras } from "./client/extras.ts";
import type { PageParts } from "./client/parts.ts";
import type { MethodInfo } from "./service/types.ts";

/** {@linkcode partsWithExtras}, with what frames messages at a level above 0. */
export function extended(
  service: { readonly name: string; readonly clientMethods: readonly MethodInfo[] },
  options: ConnectOptions<never, never, never>,
  plain: PageParts,
  kit: PageKit,
): Promise<PageParts> {
  return partsWithExtras(service, options, plain, kit, () => import("./runtime/deflating.ts"));
}
