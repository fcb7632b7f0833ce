/**
 * The to-do list's handler of one connection.
 *
 * @module
 */
import type { HandlerOf } from "../../server.ts";
import type { Todo } from "./service.ts";

/** Creates the handlers of a connection. */
export const todo: HandlerOf<typeof Todo> = ({ state }) => {
  /** Keep these tasks in the state: the whole field is sent. */
  const keep = (test: (id: number) => boolean): void => {
    state.tasks = new Map([...state.tasks].filter(([id]) => test(id)));
  };
  return {
    create({ task }) {
      const id = state.nextId++;
      state.tasks = new Map(state.tasks).set(id, task);
      return id;
    },
    markAsDone({ id: ids }) {
      state.tasks = new Map(
        [...state.tasks].map((
          [id, task],
        ) => [id, ids.includes(id) ? { ...task, status: { type: "done" } } : task]),
      );
    },
    get: ({ ids }) => new Map([...state.tasks].filter(([id]) => ids.includes(id))),
    getAll: () => state.tasks,
    delete: ({ ids }) => keep((id) => !ids.includes(id)),
    deleteAll: () => keep(() => false),
    deleteDoneTasks: () => keep((id) => state.tasks.get(id)?.status.type !== "done"),
  };
};
