import type {
  ProviderId,
  ProvidersResponse,
  SessionSettings,
  SessionSettingsPatch,
} from "@redis-memory-magic/protocol";
import { useMemo, useSyncExternalStore } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { Store } from "../../ui/store.ts";
import type { Choice } from "./choice.ts";
import { type Settings, useSettings } from "./settings.ts";

/** What was chosen last in this tab: a new session starts with it. */
interface LastChoice extends Pick<SessionSettings, "mode" | "memory" | "provider"> {
  /** The model by provider, so that switching back restores it. */
  readonly models?: Readonly<Partial<Record<ProviderId, string>>>;
}

const STORED = "choice";

/** Survives a reload of this tab; a new tab starts with the settings. */
const tabStorage = () => sessionStorage;

function storedChoice(): LastChoice {
  try {
    const chosen: unknown = JSON.parse(readStored(STORED, tabStorage) ?? "{}");
    return typeof chosen === "object" && chosen !== null ? chosen : {};
  } catch {
    return {};
  }
}

const store = new Store<LastChoice>(storedChoice());

/** Notes a choice for the sessions that are started later. Returns it with the model that its provider had. */
export function rememberChoice(change: SessionSettingsPatch): SessionSettingsPatch {
  const { mode, memory, model } = change;
  const provider = change.provider ?? store.get().provider;
  const models = { ...store.get().models };
  if (provider && model) models[provider] = model;
  store.update({ ...(mode && { mode }), ...(memory && { memory }), ...(provider && { provider }), models });
  writeStored(STORED, JSON.stringify(store.get()), tabStorage);
  return change.provider && model === undefined
    ? { ...change, model: models[change.provider] ?? null }
    : change;
}

/** How a session has been answered so far. */
export interface SessionPast {
  readonly settings: SessionSettings;
  /** Its last turn; undefined for a session without a message. */
  readonly last: Pick<SessionSettings, "mode" | "provider" | "model"> | undefined;
}

const NEW: SessionPast = { settings: {}, last: undefined };

/** Returns how the next message is answered; null until the server's defaults and the session (null) are known. */
export function useChoice(server: ProvidersResponse | null, session: SessionPast | null): Choice | null {
  const chosen = useSyncExternalStore(store.subscribe, store.get);
  const settings = useSettings();
  return useMemo(
    () => (server === null || session === null ? null : resolve(server, session, chosen, settings)),
    [server, session, chosen, settings],
  );
}

/** Returns how a new session is answered. */
export const useNewChoice = (server: ProvidersResponse | null): Choice | null => useChoice(server, NEW);

/** What was chosen last, and the settings, are only for a session without a message. */
function resolve(
  { providers, default_provider, default_mode }: ProvidersResponse,
  { settings: own, last }: SessionPast,
  chosen: LastChoice,
  settings: Settings,
): Choice {
  const seed = last ?? {
    mode: chosen.mode ?? settings.mode ?? undefined,
    provider: chosen.provider ?? settings.provider ?? undefined,
  };
  const wanted = own.provider ?? seed.provider;
  const provider = providers.find(({ id }) => id === wanted)?.id ?? default_provider;
  const { models = [], settings: taken = [] } = providers.find(({ id }) => id === provider) ?? {};
  const wantedModel = own.model ?? (last ? last.model : (chosen.models?.[provider] ?? settings.model));
  return {
    mode: own.mode ?? seed.mode ?? default_mode,
    provider,
    model: models.find(({ id }) => id === wantedModel)?.id,
    system: own.system ?? (last ? undefined : (settings.system ?? undefined)),
    memory: own.memory ?? (last ? undefined : chosen.memory),
    notes: settings.notes,
    otherSessions: settings.otherSessions,
    contextTokens: own.context_tokens,
    temperature: taken.includes("temperature") ? own.temperature : undefined,
    maxOutputTokens: taken.includes("max_output_tokens") ? own.max_output_tokens : undefined,
    seed: taken.includes("seed") ? own.seed : undefined,
  };
}
