/**
 * {@linkcode scriptedHandlers}: does the steps of a call, and notifies the model of each.
 *
 * @module
 */
import { RpcError } from "../../mod.ts";
import type { HandlerFactory } from "../../server.ts";
import type { Auth, Event, History, Methods, ModelConnection, State } from "./history.ts";
import { answerOf, type Step, topicName } from "./service.ts";

/** Further actions of handlers. */
export interface Surroundings {
  /** Run later. */
  after(delayMs: number, run: () => void): void;
}

/** Scripted handlers. */
export function scriptedHandlers(
  history: History,
  { after }: Surroundings,
): HandlerFactory<Methods, State, Event, Auth> {
  const later = (delayMs: number, run: () => void): void => {
    const leave = history.enter("timers");
    after(delayMs, () => {
      leave();
      run();
    });
  };
  return (context) => {
    const connection = history.opened(context);
    return {
      act({ id, steps }) {
        const call = history.began(id, connection);
        const leave = history.enter("handlers");
        const end = (how: typeof call.ended): void => {
          leave();
          if (call.ended !== undefined) history.wrong(`call ${id} ended twice`);
          call.ended = how;
          call.answered = !connection.ended;
          call.revision = connection.shadow.revision;
        };
        /** Returns a promise to await before the next step. */
        const run = (step: Step): Promise<void> | undefined => {
          switch (step.type) {
            case "sleep":
              return new Promise((resolve) => later(step.ms, resolve));
            case "turn":
              return Promise.resolve();
            case "panic":
              end("HandlerPanicked");
              throw new Error("planned");
            case "refuse":
              end("ServerCompressError");
              throw new RpcError("ServerCompressError", "planned");
            case "timer":
              later(step.ms, () => {
                connection.change((state) => state.label = `timer of ${id}`);
                context.connection.sync();
              });
              return undefined;
            default:
              perform(step, history, connection);
              return undefined;
          }
        };
        const answer = (): number => {
          end("ok");
          return answerOf(id);
        };
        // It settles where it ends, and no microtask later.
        const runFrom = async (next: number, waits: Promise<void>): Promise<number> => {
          await waits;
          for (const step of steps.slice(next)) {
            const more = run(step);
            if (more !== undefined) await more;
          }
          return answer();
        };
        for (const [i, step] of steps.entries()) {
          const waits = run(step);
          if (waits !== undefined) return runFrom(i + 1, waits);
        }
        return answer();
      },
    };
  };
}

/** Do a synchronous step. */
function perform(step: Step, history: History, connection: ModelConnection): void {
  const { context, topics } = connection;
  switch (step.type) {
    case "label":
      return connection.change((state) => state.label = step.text);
    case "push":
      return connection.change((state) => state.items.push(step.value));
    case "pushKept": {
      const kept = connection.kept ??= context.state.items;
      return connection.change((state) =>
        (state === context.state ? kept : state.items).push(step.value)
      );
    }
    case "items":
      return connection.change((state) => {
        state.items = [...step.values];
        // The assigner may still change the assigned object.
        if (state === context.state) connection.kept = state.items;
      });
    case "count":
      return connection.change(({ counts }) =>
        counts.set(step.word, (counts.get(step.word) ?? 0) + 1)
      );
    case "deep":
      return connection.change(({ nested }) => {
        nested.words.push(step.word);
        nested.at.x++;
      });
    case "sync":
      return context.connection.sync();
    case "join":
      if (!connection.ended) topics.add(topicName(step.topic));
      void context.subscriptions.add(topicName(step.topic));
      return;
    case "leave":
      topics.delete(topicName(step.topic));
      return context.subscriptions.remove(topicName(step.topic));
    case "emit":
      return emit(history, connection.context.events, step);
    case "hangUp":
      history.clients[connection.client]!.leave();
      return context.connection.close(3000, "as planned");
  }
}

/** Emit as many events on a topic. */
export function emit(
  history: History,
  events: { emit(topic: string, event: Event): void },
  { topic, count, bytes }: { topic: number; count: number; bytes: number },
): void {
  for (let i = 0; i < count; i++) {
    const id = history.emitted(events, topicName(topic), bytes);
    events.emit(topicName(topic), { id, text: "x".repeat(bytes) });
  }
}
