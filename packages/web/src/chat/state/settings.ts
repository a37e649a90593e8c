import type { Mode, ProviderId } from "@redis-memory-magic/protocol";
import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { Store } from "../../ui/store.ts";

/** What this browser remembers of how its user likes the page. */
export interface Settings {
  readonly inspectorOpen: boolean;
  /** A model whose prices are put on every answer; null: each has its own. */
  readonly pricedAs: string | null;
  /** How a new tab begins; null: as the server says. */
  readonly mode: Mode | null;
  readonly provider: ProviderId | null;
  /** Taken where the provider that answers has it. */
  readonly model: string | null;
  /** Sent before every message; null: the server's, "": none. */
  readonly system: string | null;
  /** How long a new session lives after its last use; null: as the server says. */
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
