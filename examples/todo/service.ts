/**
 * The to-do list: maps and vectors, in arguments, outputs and state.
 *
 * @module
 */
import { type Infer, map, rpc, service, string, struct, u32, variants, vec } from "../../mod.ts";

/** The progress of a task. */
export const TaskStatus = variants({ todo: null, done: null });

/** A task. */
export const Task = struct({ text: string, status: TaskStatus });
/** A value of {@linkcode Task}. */
export type Task = Infer<typeof Task>;

/** The service. */
export const Todo = service({
  name: "Todo",
  rpc: {
    /** Add a task; answers its id. */
    create: rpc({ task: Task }, u32),
    /** Mark tasks as done. */
    markAsDone: rpc({ id: vec(u32) }),
    /** Some tasks. */
    get: rpc({ ids: vec(u32) }, map(u32, Task)),
    /** All tasks. */
    getAll: rpc({}, map(u32, Task)),
    /** Remove tasks. */
    delete: rpc({ ids: vec(u32) }),
    /** Remove all tasks. */
    deleteAll: rpc(),
    /** Remove the tasks that are done. */
    deleteDoneTasks: rpc(),
  },
  state: { tasks: map(u32, Task), nextId: u32 },
});
