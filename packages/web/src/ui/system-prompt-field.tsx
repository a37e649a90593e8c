import { useId } from "react";
import { t } from "../texts/texts.ts";

interface SystemPromptFieldProps {
  /** Absent: the server's; "": none. */
  system: string | null | undefined;
  onChange: (system: string | null) => void;
  /** What sends none, and its class. */
  noneLabel: string;
  noneClass: string;
}

/** A system prompt: a text, the server's, or none. */
export function SystemPromptField({ system, onChange, noneLabel, noneClass }: SystemPromptFieldProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{t.common.systemPrompt}</label>
      <textarea
        id={id}
        rows={3}
        maxLength={20_000}
        placeholder={t.common.systemPromptPlaceholder}
        disabled={system === ""}
        value={system ?? ""}
        onChange={({ target: { value } }) => onChange(value === "" ? null : value)}
      />
      <label className={noneClass}>
        <input
          type="checkbox"
          checked={system === ""}
          onChange={(event) => onChange(event.target.checked ? "" : null)}
        />
        {noneLabel}
      </label>
    </>
  );
}
