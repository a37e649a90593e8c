import { type MemoryOptions, resolveOptions } from "../../options.ts";
import { ScriptRunner } from "../../redis/script-runner.ts";
import { assertFields } from "../../validate.ts";

/** Options of both classes. */
export type LangGraphOptions = Pick<MemoryOptions, "client" | "name" | "ttlSeconds" | "timeoutMs">;

const FIELDS = new Set(["client", "name", "ttlSeconds", "timeoutMs"]);

/** @throws TypeError */
export function connect(options: LangGraphOptions, defaults: { name: string; ttlSeconds: number }) {
  if (typeof options === "object" && options !== null) assertFields("options", options, FIELDS);
  const { client, name, ttlMs, timeoutMs } = resolveOptions({ ...defaults, ...options });
  return { name, ttlMs: String(ttlMs), runner: new ScriptRunner(client, timeoutMs) };
}
