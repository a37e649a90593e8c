import type { AuthMe } from "@redis-memory-magic/protocol";
import { useEffect, useState, useSyncExternalStore } from "react";
import { access } from "../api/access.ts";
import { fetchMe } from "../api/endpoints.ts";

/** Who one is here: asked at the start, and again whenever the server begins or ceases to refuse. */
export function useIdentity() {
  const { refused } = useSyncExternalStore(access.subscribe, access.get);
  const [me, setMe] = useState<AuthMe | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a refusal is what makes the answer another one.
  useEffect(() => {
    const abort = new AbortController();
    // Not known: the page is then as it is for anybody.
    fetchMe(abort.signal).then(setMe, () => {});
    return () => abort.abort();
  }, [refused]);

  return { me, refused };
}
