/**
 * {@linkcode ClientStatus}.
 *
 * @module
 */

/** Whether a client can call, and why not. */
export interface ClientStatus {
  /**
   * `connecting` at first, `open` when calls can be made, `reconnecting` when the connection has ended
   * and another is being made, `closed` for good.
   */
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  /** Why the last connection or attempt ended; absent while all is well and after `close()`. */
  readonly cause?: Error;
}

/** The status, and those who watch it. */
export class StatusBoard {
  readonly #report: (error: unknown) => void;
  readonly #listeners: Set<(status: ClientStatus) => void> = new Set();
  #current: ClientStatus = { state: "connecting" };

  /** Create as `connecting`. `report` is told what listeners throw. */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** The status now. */
  get current(): ClientStatus {
    return this.#current;
  }

  /** Call a listener after each change, until told to stop. */
  readonly subscribe = (listener: (status: ClientStatus) => void): () => void => {
    const entry = (status: ClientStatus): void => listener(status);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  };

  /** Change it, unless it is `closed`. */
  set(status: ClientStatus): void {
    if (this.#current.state === "closed") return;
    this.#current = status;
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** Closed, for good. */
  end(cause: Error | undefined): void {
    this.set(cause === undefined ? { state: "closed" } : { state: "closed", cause });
    this.#listeners.clear();
  }
}
