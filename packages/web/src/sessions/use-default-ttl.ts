import type { Session } from "@redis-memory-magic/protocol";
import { useEffect, useRef } from "react";
import { useSettings } from "../chat/state/settings.ts";
import type { SessionList } from "./session-list.ts";

/** Applies the TTL of the settings once the first turn has created a session. */
export function useDefaultTtl(list: SessionList, session: Session | undefined): void {
  const { ttlSeconds } = useSettings();
  const given = useRef(new Set<string>());

  useEffect(() => {
    if (ttlSeconds === null || session === undefined || given.current.has(session.id)) return;
    given.current.add(session.id);
    if (session.message_count > 2 || session.ttl_seconds === ttlSeconds) return;
    // On failure the session keeps the server's TTL, which needs no message.
    list.extend(session.id, ttlSeconds).catch(() => {});
  }, [list, session, ttlSeconds]);
}
