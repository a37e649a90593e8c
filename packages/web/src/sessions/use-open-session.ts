import { useCallback, useEffect, useState } from "react";
import {
  isSessionId,
  newSessionId,
  newSessionIdIn,
  type SessionGroup,
  sessionLink,
} from "../chat/state/session-id.ts";
import { t } from "../texts/texts.ts";
import { readStored, writeStored } from "../ui/browser-storage.ts";
import { showToast } from "../ui/toasts.ts";

const STORED = "session";
/** The unused session of this browser: a new tab, or a page that is reloaded at once, has no history state. */
const UNUSED_ID = "unused";
const HASH = /^#\/s\/(.+)$/;
/** History state of a new session without messages: if Redis does not have it, nothing was lost. */
const UNUSED = { isUnused: true };

interface OpenSession {
  readonly id: string;
  readonly isUnused: boolean;
}

const toOpen = (id: string): OpenSession => ({
  id,
  isUnused: history.state?.isUnused === true || readStored(UNUSED_ID) === id,
});

/** Returns the session of a link such as `/#/s/session_1732264800000_k3j9x2m1q`; a new one if the link is not valid. */
function addressed(): OpenSession | null {
  const encoded = HASH.exec(location.hash)?.[1];
  if (encoded === undefined) return null;
  try {
    const id = decodeURIComponent(encoded);
    if (isSessionId(id)) return toOpen(id);
  } catch {
    // Not percent-encoded.
  }
  showToast(t.sessions.invalidLink, { tone: "bad" });
  return { id: newSessionId(), isUnused: true };
}

/** Returns the session to show: the one in the address, else the last one here, else a new one. */
function firstSession(): OpenSession {
  const known = addressed();
  if (known !== null) return known;
  const last = readStored(STORED);
  return last === null || !isSessionId(last) ? { id: newSessionId(), isUnused: true } : toOpen(last);
}

export function useOpenSession() {
  const [session, setSession] = useState(firstSession);
  const { id, isUnused } = session;

  useEffect(() => {
    writeStored(STORED, id);
    if (isUnused) writeStored(UNUSED_ID, id);
    else if (readStored(UNUSED_ID) === id) writeStored(UNUSED_ID, null);
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
  /** Opens a new session of a group and returns its id. */
  const openNewIn = useCallback(
    (group: SessionGroup) => {
      const id = newSessionIdIn(group);
      show({ id, isUnused: true });
      return id;
    },
    [show],
  );
  /** Marks the session as used: from now on missing messages are reported. */
  const noteUse = useCallback(() => setSession((current) => ({ ...current, isUnused: false })), []);
  return { id, isUnused, open, openNew, openNewIn, noteUse };
}
