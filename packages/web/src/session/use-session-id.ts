import { useCallback, useEffect, useState } from "react";
import { readStored, writeStored } from "./browser-storage.ts";
import { newSessionId } from "./session-id.ts";

const STORED = "session";
const HASH = /^#\/s\/(.+)$/;

/** The id in a link to a session: `/#/s/session_1732264800000_k3j9x2m1q`. */
function linkedSessionId(hash: string): string | null {
  const encoded = HASH.exec(hash)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

export const sessionLink = (id: string): string => `#/s/${encodeURIComponent(id)}`;

/** The session on the page: the one of the address, else the last one here, else a new one. */
export function useSessionId() {
  const [id, setId] = useState(() => linkedSessionId(location.hash) ?? readStored(STORED) ?? newSessionId());

  useEffect(() => {
    writeStored(STORED, id);
    // The first address is completed, not added to: "back" leaves the page.
    if (linkedSessionId(location.hash) !== id) history.replaceState(null, "", sessionLink(id));
  }, [id]);

  useEffect(() => {
    const followAddress = () => setId((current) => linkedSessionId(location.hash) ?? current);
    addEventListener("hashchange", followAddress);
    return () => removeEventListener("hashchange", followAddress);
  }, []);

  const open = useCallback((next: string) => {
    location.hash = sessionLink(next);
  }, []);
  const openNew = useCallback(() => open(newSessionId()), [open]);
  return { id, open, openNew };
}
