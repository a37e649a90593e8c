import { useEffect, useState } from "react";

const WORDS: Readonly<Record<string, string>> = {
  failed: "The login was not completed. Log in again.",
  unavailable: "The identity provider cannot be reached now. Try again in a moment.",
};

/** What the server says of a login that came to nothing, in the address that it leads back to. */
export function useFailedLogin(): string | null {
  const [outcome] = useState(() => new URLSearchParams(location.search).get("login"));

  useEffect(() => {
    // Said once: a reload, or a link to the session, does not say it again.
    if (outcome !== null) history.replaceState(null, "", location.pathname + location.hash);
  }, [outcome]);

  return outcome === null ? null : (WORDS[outcome] ?? null);
}
