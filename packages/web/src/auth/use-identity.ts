import type { AuthMe } from "@redis-memory-magic/protocol";
import { useEffect, useState, useSyncExternalStore } from "react";
import { access } from "../api/access.ts";
import { fetchMe } from "../api/endpoints.ts";

/** Fetches the current user at the start, and again when the server starts or stops to refuse access. */
export function useIdentity() {
  const { refused } = useSyncExternalStore(access.subscribe, access.get);
  const [me, setMe] = useState<AuthMe | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the answer changes with `refused`.
  useEffect(() => {
    const abort = new AbortController();
    // Without an answer the page works as for an anonymous user.
    fetchMe(abort.signal).then(setMe, () => {});
    return () => abort.abort();
  }, [refused]);

  return { me, refused };
}
