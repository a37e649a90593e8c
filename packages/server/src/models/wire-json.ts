import type { z } from "zod";
import { providerFailure } from "./provider-failure.ts";

// Neither failure has a cause: the parser's own error would quote the body, which may hold what a user wrote.

/** @throws AppError `provider_failed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw providerFailure("provider_failed");
  }
}

/** @throws AppError `provider_failed` */
export function parseAs<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw providerFailure("provider_failed");
  return parsed.data;
}

type Reviver = (this: Record<string, unknown>, key: string, value: unknown) => unknown;

/** @param reviver called with each value, as by `JSON.parse` */
export function parseOrNull(text: string, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return null;
  }
}
