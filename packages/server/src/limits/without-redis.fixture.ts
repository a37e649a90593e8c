import { loadConfig } from "../config/config.ts";
import { type Allowances, UNLIMITED } from "../config/limits.ts";
import { TurnSlots } from "./turn-slots.ts";
import { UsageCounter } from "./usage-counter.ts";
import { UsageLimits } from "./usage-limits.ts";

/** Limits that count in this process, as while Redis is unavailable, with a clock that the test sets. */
export function limitsWithoutRedis() {
  const clock = { now: 1000 };
  const client = {
    eval: () => Promise.reject(new Error("Redis is unavailable")),
    zRem: () => Promise.reject(new Error("Redis is unavailable")),
  };
  const counter = new UsageCounter(client, "test", () => clock.now);
  const limits = new UsageLimits(loadConfig({}).limits, counter, new TurnSlots(client, "test"));
  const account = (allowances: Partial<Allowances>, subject = "owner:alice") =>
    ({ subject, allowances: { ...UNLIMITED, ...allowances }, prefix: "" }) as const;
  return { clock, counter, limits, account };
}
