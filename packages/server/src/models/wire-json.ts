import type { z } from "zod";
import { ProviderFailure } from "./provider-failure.ts";

// Neither failure has a cause: the parser's own error would quote what was sent, which may be a person's.

/** @throws ProviderFailure `provider_failed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProviderFailure("provider_failed");
  }
}

/** @throws ProviderFailure `provider_failed` */
export function parseAs<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ProviderFailure("provider_failed");
  return parsed.data;
}
