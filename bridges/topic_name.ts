import { bytesOf, type Topic } from "../wire/topic.ts";
import { base64url } from "./base64url.ts";

/** What subjects and channels begin with. */
export interface PrefixOptions {
  /**
   * What the names of topics begin with at the engine: names that each end in a dot. Default:
   * `hardlight.` and the name of the service, such as `"hardlight.chat."`.
   */
  readonly prefix?: string | undefined;
  /**
   * Prefixes that are listened to besides, as long as some nodes still send on them. To change a prefix:
   * deploy nodes that keep the old one and listen to the new one also; then nodes that send on the new one
   * and listen to the old one also; then take the old one out.
   */
  readonly also?: readonly string[] | undefined;
}

/** Prefixes that may be listened to besides. */
const MAX_ALSO = 4;

/** A topic in letters that every engine takes: `s.` or `b.`, and its bytes in base64url, or `=`. */
export function topicName(topic: Topic): string {
  return `${topic.isString ? "s" : "b"}.${base64url(bytesOf(topic)) || "="}`;
}

/** Throws `TypeError` if a prefix is not made of names that each end in a dot. */
export function checkPrefixes({ prefix, also = [] }: PrefixOptions): void {
  if (also.length > MAX_ALSO) {
    throw new TypeError(
      `Cannot listen to ${also.length} more prefixes: expected at most ${MAX_ALSO}`,
    );
  }
  for (const each of prefix === undefined ? also : [prefix, ...also]) {
    if (/^(?:[^\s.*>]+\.)+$/.test(each)) continue;
    throw new TypeError(`Cannot use prefix "${each}": expected names that each end in a dot`);
  }
}

/**
 * The prefix of a service, and those listened to besides.
 *
 * @throws {TypeError} If there is neither a prefix nor a name of the service.
 */
export function prefixesOf(
  { prefix, also = [] }: PrefixOptions,
  service: string,
): readonly [string, ...string[]] {
  const own = prefix ?? defaultPrefix(service);
  return [own, ...also.filter((each) => each !== own)];
}

function defaultPrefix(service: string): string {
  if (service === "service") {
    throw new TypeError(
      "Cannot share a broker: the service has no name; give it one, or the broker a prefix",
    );
  }
  const plain = /^[A-Za-z0-9_-]+$/.test(service);
  return `hardlight.${plain ? service : `=${base64url(new TextEncoder().encode(service))}`}.`;
}
