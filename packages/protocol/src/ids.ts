import { z } from "zod";

/** Who can answer a turn. */
export const PROVIDER_IDS = ["chatgpt", "ollama", "embedded", "mirror"] as const;
export const providerId = z.enum(PROVIDER_IDS);
export type ProviderId = z.infer<typeof providerId>;

/** What the model is sent: the current message alone, or the history too. */
export const MODES = ["stateless", "stateful"] as const;
export const mode = z.enum(MODES);
export type Mode = z.infer<typeof mode>;

/** A session's id, chosen by the client: 1–128 characters, none of them a control character. */
export const sessionId = z
  .string()
  .min(1)
  .max(128)
  // Letters of any script, punctuation and spaces are welcome; what cannot be seen or stored is not.
  .regex(/^\P{Cc}*$/u, "must not contain control characters")
  .refine((id) => id.isWellFormed(), "must not contain half of a surrogate pair")
  // In a path these two mean something else, to every client.
  .refine((id) => id !== "." && id !== "..", "must not be . or ..");

export const turnId = z.string().regex(/^[0-9a-f]{16}$/, "must be a turn's id: 16 hexadecimal digits");

/** ISO 8601, UTC, milliseconds. */
export const timestamp = z.iso.datetime();

/** How far a turn is. The last four are ends. */
export const TURN_STATUSES = ["running", "completed", "cancelled", "failed", "interrupted"] as const;
export const turnStatus = z.enum(TURN_STATUSES);
export type TurnStatus = z.infer<typeof turnStatus>;
