import type { Json } from "@redis-memory-magic/memory";
import { MAX_METADATA_BYTES } from "@redis-memory-magic/memory/internal";
import { AppError } from "../errors/app-error.ts";
import { type Fields, isFields } from "../fields.ts";
import type { StorageQuota } from "./caller.ts";
import type { SessionStore } from "./session-store.ts";

/** How often a change is made again, because another one came between. */
const ATTEMPTS = 5;

/**
 * Changes one field of a session's metadata, whatever else changes them meanwhile; the other fields belong to others.
 * Returns the field; null: there is no such session.
 */
export async function changeMetadata<Value>(
  sessions: SessionStore,
  sessionId: string,
  field: string,
  change: (value: Json | undefined) => Value,
  quota: StorageQuota,
): Promise<Value | null> {
  for (let attempt = 1; ; attempt++) {
    const session = await sessions.get(sessionId);
    if (session === null) return null;
    const others = isFields<Json>(session.metadata) ? session.metadata : {};
    const value = change(others[field]);
    const metadata = { ...others, [field]: value } as Fields<Json>;
    assertSize(metadata);
    try {
      await sessions.setMetadata(sessionId, metadata, session.metadataVersion, quota);
      return value;
    } catch (error) {
      if (!(error instanceof AppError && error.code === "changed_meanwhile") || attempt === ATTEMPTS)
        throw error;
    }
  }
}

/** A field of a session's metadata. */
export const fieldOf = (metadata: Json, field: string): Json | undefined =>
  isFields<Json>(metadata) ? metadata[field] : undefined;

/** @throws AppError `body_too_large` */
export function assertSize(metadata: Fields<Json>): void {
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= MAX_METADATA_BYTES) return;
  throw new AppError(
    "body_too_large",
    `The session's settings take ${bytes} bytes, and ${MAX_METADATA_BYTES} are kept at most. Shorten the system prompt.`,
  );
}
