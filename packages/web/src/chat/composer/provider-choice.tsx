import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { useId } from "react";
import { t } from "../../texts/texts.ts";
import { DownloadProgress } from "./download-progress.tsx";
import "./segments.css";
import "./provider-choice.css";
import { shortName } from "../state/provider-name.ts";

interface ProviderChoiceProps {
  providers: readonly ProviderStatus[];
  chosen: ProviderId | null;
  onChange: (provider: ProviderId) => void;
}

/** Chooses the provider. An unavailable one can be chosen too: the notice then says why and what to do. */
export function ProviderChoice({ providers, chosen, onChange }: ProviderChoiceProps) {
  const id = useId();
  return (
    <div className="choice provider-choice">
      <span className="choice-label" id={id}>
        {t.common.provider}
      </span>
      <div className="segments" role="radiogroup" aria-labelledby={id}>
        {providers.map((provider) => (
          <label key={provider.id} className="segment" title={hint(provider)}>
            <input
              type="radio"
              name={id}
              aria-label={provider.name}
              aria-describedby={provider.available ? undefined : `${id}-${provider.id}`}
              checked={chosen === provider.id}
              onChange={() => onChange(provider.id)}
            />
            <ProviderMark provider={provider} />
            {shortName(provider.name)}
            {!provider.available && (
              <span className="visually-hidden" id={`${id}-${provider.id}`}>
                {t.providers.notAvailable} {provider.reason} {provider.action}
              </span>
            )}
          </label>
        ))}
      </div>
    </div>
  );
}

function hint({ name, available, reason }: ProviderStatus): string {
  return available ? name : t.providers.hint(name, reason);
}

/** A green dot: available. A ring that fills: its model is being downloaded. */
function ProviderMark({ provider: { available, progress } }: { provider: ProviderStatus }) {
  if (progress === undefined)
    return <span className="provider-dot" data-available={available || undefined} />;
  const share = progress.received_bytes / progress.total_bytes;
  return <span className="provider-ring" style={{ "--share": share } as React.CSSProperties} />;
}

/** Says why the chosen provider is unavailable, and what to do. */
export function ProviderNotice({ provider }: { provider: ProviderStatus | undefined }) {
  if (provider === undefined || provider.available) return null;
  const { name, reason, action, progress } = provider;
  return (
    <div className="bar-notice">
      <p>
        <strong>{t.providers.isNotAvailable(name)}</strong> {reason} {action}
      </p>
      {progress !== undefined && <DownloadProgress progress={progress} />}
    </div>
  );
}
