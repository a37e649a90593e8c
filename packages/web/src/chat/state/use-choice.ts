import type { Mode, ProviderId, ProvidersResponse } from "@redis-memory-magic/protocol";
import { useMemo, useSyncExternalStore } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { Store } from "../../ui/store.ts";
import type { Choice } from "./choice.ts";
import { useSettings } from "./settings.ts";

/** What was chosen in this tab. The settings and then the server's defaults fill the rest. */
interface Chosen {
  readonly mode?: Mode;
  readonly provider?: ProviderId;
  /** The model by provider, so that switching back restores it. */
  readonly models?: Readonly<Partial<Record<ProviderId, string>>>;
}

const STORED = "choice";

/** Survives a reload of this tab; a new tab starts with the defaults. */
const tabStorage = () => sessionStorage;

function storedChoice(): Chosen {
  try {
    const chosen: unknown = JSON.parse(readStored(STORED, tabStorage) ?? "{}");
    return typeof chosen === "object" && chosen !== null ? chosen : {};
  } catch {
    return {};
  }
}

const store = new Store<Chosen>(storedChoice());

/** Changes the tab's choice. A model belongs to the chosen provider. */
function choose({ model, ...change }: { mode?: Mode; provider?: ProviderId; model?: string }): void {
  const { provider, models } = { ...store.get(), ...change };
  store.update({ ...change, ...(model && provider && { models: { ...models, [provider]: model } }) });
  writeStored(STORED, JSON.stringify(store.get()), tabStorage);
}

/**
 * Returns how the next message is answered; null until the server's defaults are known. A chosen mode is known
 * earlier, so that the switch moves on the first click.
 */
export function useChoice(server: ProvidersResponse | null) {
  const chosen = useSyncExternalStore(store.subscribe, store.get);
  const settings = useSettings();
  const mode = chosen.mode ?? settings.mode ?? server?.default_mode ?? null;

  const choice = useMemo((): Choice | null => {
    if (server === null || mode === null) return null;
    const { providers, default_provider } = server;
    const wanted = chosen.provider ?? settings.provider;
    const provider = providers.find(({ id }) => id === wanted)?.id ?? default_provider;
    const models = providers.find(({ id }) => id === provider)?.models ?? [];
    const wantedModel = chosen.models?.[provider] ?? settings.model;
    const model = models.find(({ id }) => id === wantedModel)?.id;
    return { mode, provider, model, system: settings.system ?? undefined };
  }, [server, mode, chosen, settings]);

  return { mode, choice, choose };
}
