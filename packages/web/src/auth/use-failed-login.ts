import { useEffect, useState } from "react";
import { t } from "../texts/later.ts";

/** Returns the message for a failed login, which the server reports in the query of the return address. */
export function useFailedLogin(): string | null {
  const [outcome] = useState(() => new URLSearchParams(location.search).get("login"));

  useEffect(() => {
    // Removed from the address, so that a reload or a shared link does not repeat it.
    if (outcome !== null) history.replaceState(null, "", location.pathname + location.hash);
  }, [outcome]);

  const { failures } = t.login;
  return outcome === "failed" || outcome === "unavailable" ? failures[outcome] : null;
}
