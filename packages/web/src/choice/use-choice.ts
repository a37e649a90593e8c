import type { ProvidersResponse } from "@redis-memory-magic/protocol";
import { useCallback, useMemo, useState } from "react";
import { readStored, writeStored } from "../session/browser-storage.ts";
import type { Choice } from "./choice.ts";

const STORED = "choice";

/** Kept across reloads of this tab; a new tab begins with the defaults again. */
const tabStorage = () => sessionStorage;

function storedChoice(): Partial<Choice> {
  try {
    const { mode, provider } = JSON.parse(readStored(STORED, tabStorage) ?? "{}");
    return { ...(mode && { mode }), ...(provider && { provider }) };
  } catch {
    return {};
  }
}

/** How the next message will be answered: as chosen here, else by the server's defaults; null until those are known. */
export function useChoice(server: ProvidersResponse | null) {
  const [chosen, setChosen] = useState(storedChoice);

  const choose = useCallback((change: Partial<Choice>) => {
    setChosen((before) => {
      const next = { ...before, ...change };
      writeStored(STORED, JSON.stringify(next), tabStorage);
      return next;
    });
  }, []);

  const choice = useMemo((): Choice | null => {
    if (server === null) return null;
    const isKnown = server.providers.some(({ id }) => id === chosen.provider);
    const provider = isKnown && chosen.provider !== undefined ? chosen.provider : server.default_provider;
    const mode =
      chosen.mode === "stateless" || chosen.mode === "stateful" ? chosen.mode : server.default_mode;
    return { mode, provider };
  }, [server, chosen]);

  return { choice, choose };
}
