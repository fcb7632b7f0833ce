/**
 * {@linkcode checkUses}: validates later uses of a client, and warns of too many iterators.
 *
 * @module
 */
import type { Overflow } from "../stream/queue.ts";
import { ignore, isThenable } from "../wire/listener.ts";
import { checkOptionKinds, kindOf, type OptionKind } from "../wire/option_kinds.ts";
import { topicKey } from "../wire/topic.ts";
import type { EventsOptions } from "./events.ts";
import type { UntilOptions } from "./state_mirror.ts";
import type { Client } from "./types.ts";

const EVENTS: Readonly<Record<keyof EventsOptions, OptionKind>> = {
  buffer: true,
  overflow: true,
  topic: true,
  signal: "signal",
};
const UNTIL: Readonly<Record<keyof UntilOptions, OptionKind>> = {
  timeoutMs: "number",
  signal: "signal",
};
const CHANGES: Readonly<Record<string, OptionKind>> = { signal: "signal" };

/**
 * Have a client refuse options that there are not or have no meaning, and tell how many wait: a page's does without.
 *
 * @param count Receives the number of iterators and watchers.
 * @returns The client.
 */
export function checkUses<M, S, E, C extends Client<M, S, E>>(
  client: C & Client<M, S, E>,
  count: Count,
): C {
  const events = client.events.bind(client);
  const until = client.state.until.bind(client.state);
  const changes = client.state.changes.bind(client.state);
  const state: Partial<typeof client.state> = {
    until: async (predicate, options = {}) => {
      if (typeof predicate !== "function") {
        throw new TypeError(`until(): expected a predicate, got ${kindOf(predicate)}`);
      }
      checkOptionKinds("until()", options, UNTIL);
      const reached = until((now) => answered(predicate(now)), options);
      count("states", client.stats().stateWatchers);
      return await reached;
    },
    changes: (options = {}) => {
      checkOptionKinds("changes()", options, CHANGES);
      const iterator = changes(options);
      count("states", client.stats().stateWatchers);
      return iterator;
    },
  };
  Object.assign(client.state, state);
  const uses: Partial<Client<M, S, E>> = {
    events: (options = {}) => {
      checkEvents(options);
      const iterator = events(options);
      count("events() iterators", client.stats().eventIterators);
      return iterator;
    },
  };
  return Object.assign(client, uses);
}

const OVERFLOWS: readonly Overflow[] = ["drop-oldest", "drop-newest", "close"];

function checkEvents(options: EventsOptions): void {
  checkOptionKinds("events()", options, EVENTS);
  const { buffer = 1, overflow = "close", topic = "" } = options;
  if (!Number.isSafeInteger(buffer) || buffer < 1) {
    throw new RangeError(`Cannot use buffer ${buffer}: expected a positive integer`);
  }
  if (!OVERFLOWS.includes(overflow)) {
    throw new TypeError(`Cannot use overflow ${overflow}: expected ${OVERFLOWS}`);
  }
  // Throws if it is not valid.
  topicKey(topic);
}

/** The result of a predicate. Throws if it is a promise. */
function answered(answer: boolean): boolean {
  if (!isThenable(answer)) return answer;
  Promise.resolve(answer).then(undefined, ignore);
  throw new TypeError("until(): the predicate answered a promise");
}

/** Number of iterators of one client, or watchers of its state, above which some were probably forgotten. */
export const MANY_ITERATORS = 1000;

/** Receives a kind and its number. */
export type Count = (what: string, count: number) => void;

/** Reports each kind once when there are {@linkcode MANY_ITERATORS}. */
export function tellOfMany(report: (error: Error) => void): Count {
  const told = new Set<string>();
  return (what, count) => {
    if (count !== MANY_ITERATORS || told.has(what)) return;
    told.add(what);
    report(
      new Error(
        `${MANY_ITERATORS} ${what} are waited for: end what is forgotten by return() or a signal`,
      ),
    );
  };
}
