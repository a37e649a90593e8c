import type { Mode, ProviderId } from "@redis-memory-magic/protocol";
import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { Store } from "../../ui/store.ts";

/** The user's preferences, kept in this browser. */
export interface Settings {
  readonly inspectorOpen: boolean;
  /** A model whose prices are applied to every answer; null: each model's own. */
  readonly pricedAs: string | null;
  /** Default of a new session; null: the server's. */
  readonly mode: Mode | null;
  readonly provider: ProviderId | null;
  /** Used if the provider has this model. */
  readonly model: string | null;
  /** The system prompt; null: the server's, "": none. */
  readonly system: string | null;
  /** True if the user's notes are sent with messages that have memory. */
  readonly notes: boolean;
  /** True if recall also searches the user's other sessions. */
  readonly otherSessions: boolean;
  /** TTL of a new session in seconds; null: the server's. */
  readonly ttlSeconds: number | null;
}

const STORED = "settings";
const DEFAULTS: Settings = {
  inspectorOpen: true,
  pricedAs: null,
  mode: null,
  provider: null,
  model: null,
  system: null,
  notes: false,
  otherSessions: false,
  ttlSeconds: null,
};

function storedSettings(): Settings {
  try {
    return { ...DEFAULTS, ...JSON.parse(readStored(STORED) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

const store = new Store<Settings>(storedSettings());

export function changeSettings(change: Partial<Settings>): void {
  store.update(change);
  writeStored(STORED, JSON.stringify(store.get()));
}

export const useSettings = (): Settings => useSyncExternalStore(store.subscribe, store.get);
