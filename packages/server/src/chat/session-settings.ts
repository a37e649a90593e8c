import type { Json } from "@redis-memory-magic/memory";
import { type SessionSettings, sessionSettings } from "@redis-memory-magic/protocol";
import type { Fields } from "../fields.ts";
import type { StorageQuota } from "./caller.ts";
import { assertSize, changeMetadata, fieldOf } from "./session-metadata.ts";
import type { SessionStore } from "./session-store.ts";

/** A field of the session's metadata in Redis. */
const FIELD = "settings";

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

/** Merges a change into a session's settings. Returns them all; null: there is no such session. */
export const changeSettings = (
  sessions: SessionStore,
  sessionId: string,
  change: SettingsChange,
  quota: StorageQuota,
): Promise<SessionSettings | null> =>
  changeMetadata(sessions, sessionId, FIELD, (value) => merged(read(value), change), quota);

/** Returns the settings in a session's metadata. */
export const settingsIn = (metadata: Json): SessionSettings => read(fieldOf(metadata, FIELD));

/** Returns the metadata of a session that has these settings and nothing else. @throws AppError `body_too_large` */
export function toMetadata(settings: SessionSettings): Json {
  const metadata = { [FIELD]: settings as Fields<Json> };
  assertSize(metadata);
  return metadata;
}

const read = (value: Json | undefined): SessionSettings => sessionSettings.safeParse(value).data ?? {};

function merged(settings: SessionSettings, change: SettingsChange): SessionSettings {
  const all = Object.entries({ ...settings, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}
