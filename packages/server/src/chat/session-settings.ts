import type { Json } from "@redis-memory-magic/memory";
import { type SessionSettings, sessionSettings } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import type { StorageQuota } from "./caller.ts";
import type { SessionStore } from "./session-store.ts";

/** A field of the session's metadata in Redis; others belong to other programs. */
const FIELD = "settings";
/** What Redis keeps as a session's metadata, at most. */
const MAX_METADATA_BYTES = 65_536;
/** How often a change is merged again, because another one came between. */
const ATTEMPTS = 5;

type JsonObject = { readonly [key: string]: Json };

/** Null removes a setting. */
export type SettingsChange = { readonly [Name in keyof SessionSettings]: SessionSettings[Name] | null };

/** Returns what a session is answered with; null: there is no such session. */
export async function readSettings(
  sessions: SessionStore,
  sessionId: string,
): Promise<SessionSettings | null> {
  const session = await sessions.get(sessionId);
  return session && settingsIn(session.metadata);
}

/**
 * Merges a change into a session's settings, whatever else changes them meanwhile. Returns them all; null: there is no
 * such session.
 */
export async function changeSettings(
  sessions: SessionStore,
  sessionId: string,
  change: SettingsChange,
  quota: StorageQuota,
): Promise<SessionSettings | null> {
  for (let attempt = 1; ; attempt++) {
    const session = await sessions.get(sessionId);
    if (session === null) return null;
    const settings = merged(settingsIn(session.metadata), change);
    const others = isObject(session.metadata) ? session.metadata : {};
    const metadata = { ...others, [FIELD]: settings } as JsonObject;
    assertSize(metadata);
    try {
      await sessions.setMetadata(sessionId, metadata, session.metadataVersion, quota);
      return settings;
    } catch (error) {
      if (!(error instanceof AppError && error.code === "changed_meanwhile") || attempt === ATTEMPTS)
        throw error;
    }
  }
}

function settingsIn(metadata: Json): SessionSettings {
  const { data } = sessionSettings.safeParse(isObject(metadata) ? metadata[FIELD] : undefined);
  return data ?? {};
}

function merged(settings: SessionSettings, change: SettingsChange): SessionSettings {
  const all = Object.entries({ ...settings, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function assertSize(metadata: JsonObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= MAX_METADATA_BYTES) return;
  throw new AppError(
    "body_too_large",
    `The session's settings take ${bytes} bytes, and ${MAX_METADATA_BYTES} are kept at most. Shorten the system prompt.`,
  );
}

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);
