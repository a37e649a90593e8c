import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import "./model-choice.css";

interface ModelChoiceProps {
  provider: ProviderStatus | undefined;
  model: string | undefined;
  onChange: (model: string) => void;
}

/** Chooses one of the provider's models, if it has several. */
export function ModelChoice({ provider, model, onChange }: ModelChoiceProps) {
  if (provider === undefined || provider.models.length < 2) return null;
  return (
    <select
      className="model-choice"
      aria-label={t.common.model}
      value={model ?? provider.default_model}
      onChange={(event) => onChange(event.target.value)}
    >
      {provider.models.map(({ id }) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
  );
}
