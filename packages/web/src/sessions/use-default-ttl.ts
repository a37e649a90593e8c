import type { Session } from "@redis-memory-magic/protocol";
import { useEffect, useRef } from "react";
import { useSettings } from "../chat/state/settings.ts";
import type { SessionList } from "./session-list.ts";

/** Gives a session the life of the settings once its first turn has made it. */
export function useDefaultTtl(list: SessionList, session: Session | undefined): void {
  const { ttlSeconds } = useSettings();
  const given = useRef(new Set<string>());

  useEffect(() => {
    if (ttlSeconds === null || session === undefined || given.current.has(session.id)) return;
    given.current.add(session.id);
    if (session.message_count > 2 || session.ttl_seconds === ttlSeconds) return;
    // It lives for as long as the server says, then: nothing that would have to interrupt anyone.
    list.extend(session.id, ttlSeconds).catch(() => {});
  }, [list, session, ttlSeconds]);
}
