import type { ProvidersResponse } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { fetchProviders } from "../../api/endpoints.ts";

const POLL_MS = 20_000;
/** Poll interval while a model is being downloaded. */
const DOWNLOADING_MS = 1_500;
const UNREACHABLE_MS = 3_000;

export interface Providers {
  /** null until the first answer of the server. */
  readonly data: ProvidersResponse | null;
  /** Not null while the server cannot be reached. */
  readonly error: ApiError | null;
}

/** Polls the providers while the page is visible. */
export function useProviders(): Providers {
  const [providers, setProviders] = useState<Providers>({ data: null, error: null });

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function ask() {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") return;
      let pause = POLL_MS;
      try {
        const data = await fetchProviders(abort.signal);
        setProviders({ data, error: null });
        if (data.providers.some(({ progress }) => progress !== undefined)) pause = DOWNLOADING_MS;
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError) setProviders(({ data }) => ({ data, error }));
        // A login happens elsewhere, so a fast poll would not help.
        pause = error instanceof ApiError && error.code === "unauthenticated" ? POLL_MS : UNREACHABLE_MS;
      }
      timer = setTimeout(ask, pause);
    }
    void ask();
    document.addEventListener("visibilitychange", ask);
    addEventListener("online", ask);
    addEventListener("offline", ask);
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", ask);
      removeEventListener("online", ask);
      removeEventListener("offline", ask);
    };
  }, []);

  return providers;
}
