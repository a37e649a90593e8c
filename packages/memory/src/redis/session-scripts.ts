import { type MemoryOptions, resolveOptions } from "../options.ts";
import { SessionIndex } from "../sessions/session-index.ts";
import { assertId } from "../validate.ts";
import { type SessionKeys, sessionKeys } from "./keys.ts";
import type { Script } from "./script.ts";
import { type Reply, ScriptRunner } from "./script-runner.ts";

/** Runs scripts on an owner's sessions: what the library's classes stand on. */
export class SessionScripts {
  /** The owner's list of sessions, in which each use is to be noted. */
  readonly index: SessionIndex;
  /** For a session that has none of its own. */
  readonly ttlMs: number;
  readonly #name: string;
  readonly #owner: string;
  readonly #runner: ScriptRunner;

  /** @throws TypeError for options that are none */
  constructor(options: MemoryOptions) {
    const { client, name, owner, ttlMs, timeoutMs } = resolveOptions(options);
    this.#name = name;
    this.#owner = owner;
    this.ttlMs = ttlMs;
    this.#runner = new ScriptRunner(client, timeoutMs);
    this.index = new SessionIndex(this.#runner, name, owner);
  }

  /** @throws TypeError for an id that is none */
  keys(sessionId: string): SessionKeys {
    assertId("sessionId", sessionId);
    return sessionKeys(this.#name, this.#owner, sessionId);
  }

  /**
   * Runs a script. ARGV[1] (the deadline) and ARGV[2] (the usual TTL) are put in front of `args`.
   * @throws MemoryError `unavailable`, `damaged`
   */
  run(script: Script, keys: string[], args: string[], repeatable: boolean): Promise<Reply> {
    return this.#runner.run(script, keys, [String(this.ttlMs), ...args], { repeatable });
  }
}
