import type { ProviderStatus, SessionSettings } from "@redis-memory-magic/protocol";
import { useState } from "react";
import type { Choose } from "../chat/state/use-chat.ts";
import { t } from "../texts/texts.ts";
import { SystemPromptField } from "../ui/system-prompt-field.tsx";

interface ModelSettingsProps {
  settings: SessionSettings;
  provider: ProviderStatus;
  choose: Choose;
}

type NumberName = "temperature" | "max_output_tokens" | "seed";

const NUMBERS: readonly { name: NumberName; max: number; step: number; min: number }[] = [
  { name: "temperature", min: 0, max: 2, step: 0.1 },
  { name: "max_output_tokens", min: 1, max: 10_000_000, step: 1 },
  { name: "seed", min: 0, max: 2 ** 31 - 1, step: 1 },
];

/** How this session's next message is answered, beside mode, model and window. Kept in Redis with the session. */
export function ModelSettings({ settings, provider, choose }: ModelSettingsProps) {
  const { settings: texts } = t.inspector;
  const refused = NUMBERS.filter(({ name }) => !provider.settings.includes(name));
  return (
    <details className="model-settings">
      <summary>{texts.title}</summary>
      <SystemPromptField
        system={settings.system}
        onChange={(system) => choose({ system })}
        noneLabel={texts.noSystemPrompt}
        noneClass="model-settings-check"
      />
      <div className="model-numbers">
        {NUMBERS.map(({ name, ...range }) => (
          <NumberField
            key={name}
            label={texts.names[name]}
            {...range}
            value={settings[name]}
            isTaken={provider.settings.includes(name)}
            onChange={(value) => choose({ [name]: value })}
          />
        ))}
      </div>
      <p className="model-settings-note">
        {texts.note}{" "}
        {refused.length > 0 &&
          texts.refused(
            provider.name,
            refused.map(({ name }) => texts.names[name]),
          )}
      </p>
    </details>
  );
}

interface NumberFieldProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number | undefined;
  /** False if the provider would refuse it. */
  isTaken: boolean;
  onChange: (value: number | null) => void;
}

/** Keeps what is typed while it is no number of the range: only numbers that the server takes are set. */
function NumberField({ label, min, max, step, value, isTaken, onChange }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? (value === undefined ? "" : String(value));
  const isWrong = shown !== "" && numberIn(shown, min, max, step) === null;
  return (
    <label>
      {label}
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        placeholder={t.inspector.settings.default}
        disabled={!isTaken}
        aria-invalid={isWrong}
        value={shown}
        onBlur={() => setTyped(null)}
        onChange={({ target: { value } }) => {
          setTyped(value);
          const number = numberIn(value, min, max, step);
          if (value === "" || number !== null) onChange(number);
        }}
      />
    </label>
  );
}

function numberIn(text: string, min: number, max: number, step: number): number | null {
  const number = Number(text);
  const isIn = text.trim() !== "" && number >= min && number <= max;
  return isIn && (step < 1 || Number.isInteger(number)) ? number : null;
}
