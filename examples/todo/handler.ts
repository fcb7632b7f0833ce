/**
 * What the to-do list's server does for one connection.
 *
 * @module
 */
import type { HandlerOf } from "../../server.ts";
import type { Todo } from "./service.ts";

/** The handler: called once a connection. */
export const todo: HandlerOf<typeof Todo> = ({ state }) => {
  /** What is kept of the tasks becomes the state: whole fields travel. */
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
