/**
 * {@linkcode Visibility}: whether anybody sees this program.
 *
 * @module
 */
import { wait } from "./cleanup.ts";

/** Whether anybody sees the page this runs in. */
export interface Visibility {
  /** Whether it is hidden now. */
  hidden(): boolean;
  /** Be called when that changes; returns how to stop. */
  onChange(listener: () => void): () => void;
}

interface Page {
  readonly document?: {
    readonly visibilityState?: string;
    addEventListener(type: string, listener: () => void): void;
    removeEventListener(type: string, listener: () => void): void;
  };
}

/** The page's, where there is one: nothing else is ever hidden. */
export const pageVisibility: Visibility = {
  hidden: () => (globalThis as Page).document?.visibilityState === "hidden",
  onChange(listener) {
    const { document } = globalThis as Page;
    document?.addEventListener("visibilitychange", listener);
    return () => document?.removeEventListener("visibilitychange", listener);
  },
};

/** Resolves when the page is seen, or the signal aborts. */
export function untilVisible(visibility: Visibility, signal: AbortSignal): Promise<void> {
  return wait(signal, (wake) => {
    const look = (): void => {
      if (!visibility.hidden()) wake();
    };
    look();
    return visibility.onChange(look);
  });
}
