import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";

/** "Cloud (ChatGPT)" → "Cloud": what is shown where there is little room. */
export const shortName = (name: string): string => name.replace(/ \(.*\)$/, "");

export function shortNameOf(providers: readonly ProviderStatus[], id: ProviderId): string {
  const provider = providers.find((candidate) => candidate.id === id);
  return provider === undefined ? id : shortName(provider.name);
}
