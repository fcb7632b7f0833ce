/**
 * Faults of the product, planted from outside to see that the tester finds them.
 *
 * @module
 */
import { CallTable } from "../../client/call_table.ts";
import { Connection } from "../../server/connection.ts";
import { Subscriptions } from "../../server/subscriptions.ts";
import { CLIENT_FAULTS } from "./world.ts";

/** Replace a method until the result is called. */
function replace<T extends object, K extends keyof T & string>(
  prototype: T,
  name: K,
  make: (original: T[K]) => T[K],
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  Object.defineProperty(prototype, name, {
    ...descriptor,
    value: make(descriptor.value as T[K]),
  });
  return () => Object.defineProperty(prototype, name, descriptor);
}

/** Whether this is the `n`th, `2n`th … time. */
function every(n: number): () => boolean {
  let count = 0;
  return () => ++count % n === 0;
}

/** Each fault, and how to plant it; the result removes it again. */
export const FAULTS: Readonly<Record<string, () => () => void>> = {
  "a flush that is skipped now and then": () => {
    const skipped = every(10);
    return replace(
      Connection.prototype,
      "flush",
      (flush) =>
        function (this: Connection) {
          if (!skipped()) flush.call(this);
        },
    );
  },
  "an event that is delivered twice": () => {
    const twice = every(10);
    return replace(
      Connection.prototype,
      "deliver",
      (deliver) =>
        function (this: Connection, message) {
          deliver.call(this, message);
          if (twice()) deliver.call(this, message);
        },
    );
  },
  "an event that is lost": () => {
    const lost = every(20);
    return replace(
      Connection.prototype,
      "deliver",
      (deliver) =>
        function (this: Connection, message) {
          if (!lost()) deliver.call(this, message);
        },
    );
  },
  "an id that is freed too early": () =>
    replace(
      CallTable.prototype as CallTable<unknown>,
      "abandon",
      () =>
        function (this: CallTable<unknown>, id) {
          this.settle(id);
        },
    ),
  "a subscription that is left behind": () =>
    replace(Subscriptions.prototype, "close", () => () => {}),
  "a state that is not reset": () => {
    const plant = ({ state }: { readonly state: object }): void =>
      void Object.assign(state, { reset() {} });
    CLIENT_FAULTS.add(plant);
    return () => void CLIENT_FAULTS.delete(plant);
  },
};
