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

export function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
