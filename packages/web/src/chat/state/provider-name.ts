import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";

/** Shortens "Cloud (ChatGPT)" to "Cloud" for narrow places. */
export const shortName = (name: string): string => name.replace(/ \(.*\)$/, "");

export function shortNameOf(providers: readonly ProviderStatus[], id: ProviderId): string {
  const provider = providers.find((candidate) => candidate.id === id);
  return provider === undefined ? id : shortName(provider.name);
}
