/**
 * Hooks that render a client's state and status with `useSyncExternalStore`.
 *
 * @module
 */
import { useSyncExternalStore } from "react";
import type { Client, ClientStatus } from "../../browser.ts";

/** The connection state; the component renders again after each change. */
export function useConnectionState<Methods, State, Event>(
  client: Client<Methods, State, Event>,
): Readonly<State> {
  const snapshot = (): Readonly<State> => client.state.current;
  return useSyncExternalStore(client.state.subscribe, snapshot, snapshot);
}

/** Whether calls can be made. */
export function useStatus<Methods, State, Event>(
  client: Client<Methods, State, Event>,
): ClientStatus {
  const snapshot = (): ClientStatus => client.status;
  return useSyncExternalStore(client.onStatus, snapshot, snapshot);
}
