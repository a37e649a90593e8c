import type { Terminal } from "../base/terminal.mjs";

/** What every step of the set-up is given. */
export interface SetupContext {
  /** The clone's folder. */
  readonly root: string;
  readonly terminal: Terminal;
  /** Ends what is being done. */
  readonly signal: AbortSignal;
}
