import { Topic } from "../wire/topic.ts";
import { base64url } from "./base64url.ts";

/** A topic in letters that every engine takes: `s.` or `b.`, and its bytes in base64url, or `=`. */
export function topicName(topic: Topic): string {
  return `${topic.isString ? "s" : "b"}.${base64url(Topic.bytesOf(topic)) || "="}`;
}

/** Throws `TypeError` if a prefix is not made of names that each end in a dot. */
export function checkPrefix(prefix: string): void {
  if (/^(?:[^\s.*>]+\.)+$/.test(prefix)) return;
  throw new TypeError(`Cannot use prefix "${prefix}": expected names that each end in a dot`);
}
