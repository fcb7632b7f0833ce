/**
 * {@linkcode topicName} and {@linkcode prefixesOf}: names of topics at a broker.
 *
 * @module
 */
import { bytesOf, type Topic } from "../wire/topic.ts";

/** What subjects and channels begin with. */
export interface PrefixOptions {
  /**
   * Prefix of every topic's name at the broker: names that each end in a dot. Default: `hardlight.` and the
   * service's name, such as `"hardlight.chat."`.
   */
  readonly prefix?: string | undefined;
  /**
   * More prefixes to subscribe to, for as long as other nodes still send on them. To change a prefix, deploy
   * three times: first nodes that keep the old prefix and also listen to the new one; then nodes that send
   * on the new one and also listen to the old one; then nodes without the old one.
   */
  readonly also?: readonly string[] | undefined;
}

/** Prefixes that may be listened to besides. */
const MAX_ALSO = 4;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Two letters for each 12 bits, so that a long topic is put together in few steps. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!,
);

/** Bytes in base64url without padding (RFC 4648, section 5). */
function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = bytes[i]! << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    text += PAIRS[group >> 12]!;
    if (left > 2) text += PAIRS[group & 4095]!;
    else if (left === 2) text += ALPHABET[group >> 6 & 63]!;
  }
  return text;
}

/** A topic in letters that every engine takes: `s.` or `b.`, and its bytes in base64url, or `=`. */
export function topicName(topic: Topic): string {
  return `${topic.isString ? "s" : "b"}.${base64url(bytesOf(topic)) || "="}`;
}

/** Throws `TypeError` if a prefix is not made of names that each end in a dot. */
export function checkPrefixes(options: PrefixOptions): void {
  const { prefix, also = [] } = Object(options) as PrefixOptions;
  if (Object(options) !== options || !Array.isArray(also)) {
    throw new TypeError(
      "Cannot use the options of a broker: expected an object, as in { prefix, also: [] }",
    );
  }
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
 * The prefix of a service, and the additional ones it subscribes to.
 *
 * @throws {TypeError} If neither a prefix is given nor the service has a name.
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
