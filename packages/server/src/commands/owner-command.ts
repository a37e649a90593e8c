import { NO_QUOTA } from "../chat/caller.ts";
import { SessionStore } from "../chat/session-store.ts";
import { counted } from "../counted.ts";
import { AppError } from "../errors/app-error.ts";
import { exportJson } from "../http/wire/export-json.ts";
import { toApiNote } from "../http/wire/note.ts";
import { ApiKeys } from "../identity/api-keys.ts";
import { logSecurityEvent } from "../observability/security-log.ts";
import { REDIS_TIMEOUT_MS } from "../storage/connections/client-options.ts";
import { OwnerData } from "../storage/owner-data.ts";
import { type CommandContext, UsageError } from "./run-command.ts";

export const OWNER_USAGE = `npm run --silent owner -- export OWNER > FILE
npm run owner -- erase OWNER

OWNER is the owner of an API key, a user's subject at the identity provider, guest:…, or local (without authentication).`;

export async function owner(args: readonly string[], context: CommandContext): Promise<void> {
  const [action, subject, ...rest] = args;
  if (subject === undefined || rest.length > 0) throw new UsageError("Name what to do, and one owner:");
  const { redis, identities, name, log, print } = context;
  const data = new OwnerData({ client: redis.client, identities, name });
  if (action === "export") {
    await exportOwner(subject, data, context);
    logSecurityEvent(log, "owner_exported", { owner: subject });
  } else if (action === "erase") {
    const erased = await data.erase(subject);
    logSecurityEvent(log, "owner_erased", erased);
    print(
      `Erased of ${erased.owner}: ${counted(erased.sessions, "session")} in ${counted(erased.keys, "key")} of Redis, ` +
        `${counted(erased.apiKeys, "API key")}, ${counted(erased.logins, "login")}. Left: ${erased.left}.\n`,
    );
    if (erased.left > 0) throw new UsageError("Something was written meanwhile. Erase again:");
  } else {
    throw new UsageError(`There is no ${action}, only export and erase:`);
  }
}

/** Prints one JSON document: the owner's records and notes, and each session as the API exports it. */
async function exportOwner(subject: string, data: OwnerData, context: CommandContext): Promise<void> {
  const { config, redis, identities, name, print } = context;
  const sessions = new SessionStore({
    client: redis.client,
    subscriber: redis.subscriber,
    name,
    owner: subject,
    ttlSeconds: config.sessionTtlSeconds,
    timeoutMs: REDIS_TIMEOUT_MS,
  });
  const apiKeys = (await new ApiKeys(identities).list()).filter((key) => key.owner === subject);
  print(`{"owner":${JSON.stringify(subject)},"exported_at":"${new Date().toISOString()}",\n`);
  const notes = (await sessions.notes.list()).map(toApiNote);
  print(`"api_keys":${JSON.stringify(apiKeys)},\n"notes":${JSON.stringify(notes)},\n"sessions":[`);
  let separator = "\n";
  for (const id of await data.sessions(subject)) {
    try {
      const archive = await sessions.archive(id, NO_QUOTA);
      print(separator);
      separator = ",\n";
      for await (const piece of exportJson(archive)) print(piece);
    } catch (error) {
      // It has expired since.
      if (!(error instanceof AppError && error.code === "session_not_found")) throw error;
    }
  }
  print("]}\n");
}
