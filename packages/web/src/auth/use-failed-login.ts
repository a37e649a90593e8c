import { useEffect, useState } from "react";

const WORDS: Readonly<Record<string, string>> = {
  failed: "The login was not completed. Log in again.",
  unavailable: "The identity provider cannot be reached now. Try again in a moment.",
};

/** Returns the message for a failed login, which the server reports in the query of the return address. */
export function useFailedLogin(): string | null {
  const [outcome] = useState(() => new URLSearchParams(location.search).get("login"));

  useEffect(() => {
    // Removed from the address, so that a reload or a shared link does not repeat it.
    if (outcome !== null) history.replaceState(null, "", location.pathname + location.hash);
  }, [outcome]);

  return outcome === null ? null : (WORDS[outcome] ?? null);
}
