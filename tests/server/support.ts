import { bytes, map, string, u32, variants, vec } from "../../codec/mod.ts";
import { createCore } from "../../server/server_core.ts";
import type { ErrorContext, HandlerFactory, ServerOptions } from "../../server/mod.ts";
import type { AcceptingCore } from "../../server/server_core.ts";
import { type EventOf, type MethodsOf, rpc, service, type StateOf } from "../../service/mod.ts";
import { topic } from "../../wire/topic.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Changed = variants({ changed: { to: u32 }, quiet: null });

export const Demo = service({
  name: "demo",
  rpc: {
    nothing: rpc(),
    add: rpc({ amount: u32 }),
    get: rpc({}, u32),
    run: rpc({ script: string }, u32),
    big: rpc({}, bytes),
  },
  state: { counter: u32, names: vec(string), ages: map(string, u32), topic },
  event: Changed,
});

export type DemoMethods = MethodsOf<typeof Demo>;
export type DemoState = StateOf<typeof Demo>;
export type DemoEvent = EventOf<typeof Demo>;
export type DemoHandler = HandlerFactory<DemoMethods, DemoState, DemoEvent, unknown>;
export type DemoContext = Parameters<DemoHandler>[0];
type Script = () => number | Promise<number>;

export interface Setup {
  readonly core: AcceptingCore<DemoEvent>;
  /** The clock of the core's timers. */
  readonly clock: FakeClock;
  /** Contexts in the order of connections. */
  readonly contexts: DemoContext[];
  readonly errors: { error: unknown; context: ErrorContext }[];
  /** The implementation of the method `run`. */
  script: Script;
}

/** A server whose `run` is a test's function. */
export function setUp(
  options: ServerOptions<unknown> = {},
  handler?: (context: DemoContext) => void,
): Setup {
  const contexts: DemoContext[] = [];
  const clock = new FakeClock();
  const errors: Setup["errors"] = [];
  const factory: DemoHandler = (context) => {
    contexts.push(context);
    handler?.(context);
    const { state } = context;
    return {
      nothing() {},
      add({ amount }) {
        state.counter += amount;
      },
      get: () => state.counter,
      run: () => setup.script(),
      big: () => crypto.getRandomValues(new Uint8Array(1000)),
    };
  };
  const setup: Setup = {
    core: createCore(
      Demo,
      { onError: (error, context) => errors.push({ error, context }), ...options },
      factory,
      testDeflater,
      clock,
    ),
    clock,
    contexts,
    errors,
    script: () => 0,
  };
  setup.core.start();
  return setup;
}

/** The schema of calls of a method. */
export const call = Object.fromEntries(
  Demo.methods.map((method) => [method.name, method.call]),
) as Record<
  keyof DemoMethods,
  typeof Demo.methods[number]["call"]
>;

export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
