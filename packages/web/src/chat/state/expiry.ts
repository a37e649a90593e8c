import { serverNow } from "../../api/server-clock.ts";
import type { ShownMessage } from "./shown-message.ts";

/** Redis no longer has messages that the page still shows. */
export interface Gone {
  /** ISO time at which their TTL ended; null: they were deleted elsewhere, or Redis lost them. */
  readonly expiredAt: string | null;
}

/** True if an ISO time has passed by the server's clock, or passes within a moment. */
export const hasPassed = (time: string | null, withinMs = 0): boolean =>
  time !== null && Date.parse(time) <= serverNow() + withinMs;

/** A session that is missing was late enough: clocks may differ a little. */
const TOLERANCE_MS = 3_000;

/** Explains missing messages by the last known expiry of their session. */
export function explainGone(expiresAt: string | null): Gone {
  return { expiredAt: hasPassed(expiresAt, TOLERANCE_MS) ? expiresAt : null };
}

export const isGone = ({ delivery }: Pick<ShownMessage, "delivery">): boolean => delivery === "gone";
