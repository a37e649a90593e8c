import { useCallback, useEffect, useState } from "react";
import { newSessionId, sessionLink } from "../chat/state/session-id.ts";
import { readStored, writeStored } from "../ui/browser-storage.ts";

const STORED = "session";
const HASH = /^#\/s\/(.+)$/;
/** History state of a new session without messages: if Redis does not have it, nothing was lost. */
const UNUSED = { isUnused: true };

interface OpenSession {
  readonly id: string;
  readonly isUnused: boolean;
}

/** Returns the id in a link to a session: `/#/s/session_1732264800000_k3j9x2m1q`. */
function linkedSessionId(hash: string): string | null {
  const encoded = HASH.exec(hash)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

const addressed = (): OpenSession | null => {
  const id = linkedSessionId(location.hash);
  return id === null ? null : { id, isUnused: history.state?.isUnused === true };
};

/** Returns the session to show: the one in the address, else the last one here, else a new one. */
function firstSession(): OpenSession {
  const known = addressed();
  if (known !== null) return known;
  const last = readStored(STORED);
  return last === null ? { id: newSessionId(), isUnused: true } : { id: last, isUnused: false };
}

export function useOpenSession() {
  const [session, setSession] = useState(firstSession);
  const { id, isUnused } = session;

  useEffect(() => {
    writeStored(STORED, id);
    // Replaces the address, so that "back" leaves the page.
    history.replaceState(isUnused ? UNUSED : null, "", sessionLink(id));
  }, [id, isUnused]);

  useEffect(() => {
    const followAddress = () => setSession((current) => addressed() ?? current);
    addEventListener("popstate", followAddress);
    return () => removeEventListener("popstate", followAddress);
  }, []);

  const show = useCallback((next: OpenSession) => {
    const link = sessionLink(next.id);
    if (location.hash !== link) history.pushState(null, "", link);
    setSession(next);
  }, []);
  const open = useCallback((next: string) => show({ id: next, isUnused: false }), [show]);
  const openNew = useCallback(() => show({ id: newSessionId(), isUnused: true }), [show]);
  /** Marks the session as used: from now on missing messages are reported. */
  const noteUse = useCallback(() => setSession((current) => ({ ...current, isUnused: false })), []);
  return { id, isUnused, open, openNew, noteUse };
}
