import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { type ReactNode, useId } from "react";
import { changeSettings, type Settings, useSettings } from "../chat/state/settings.ts";
import { TTL_OPTIONS } from "../sessions/ttl-options.ts";
import { Dialog } from "../ui/dialog.tsx";
import { SystemPromptField } from "../ui/system-prompt-field.tsx";
import "./settings-dialog.css";

const SERVERS = "";

interface SettingsDialogProps {
  providers: readonly ProviderStatus[];
  onClose: () => void;
}

/** Edits the defaults for new sessions, kept in this browser. */
export function SettingsDialog({ providers, onClose }: SettingsDialogProps) {
  const { mode, provider, model, system, ttlSeconds } = useSettings();
  const withModels = providers.filter(({ models }) => models.length > 1);
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div className="settings">
        <Select
          label="Memory"
          value={mode}
          onChange={(value) => changeSettings({ mode: value as Settings["mode"] })}
        >
          <option value="stateless">Stateless</option>
          <option value="stateful">Stateful</option>
        </Select>
        <Select
          label="Provider"
          value={provider}
          onChange={(value) => changeSettings({ provider: value as Settings["provider"] })}
        >
          {providers.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        {withModels.length > 0 && (
          <Select label="Model" value={model} onChange={(value) => changeSettings({ model: value })}>
            {withModels.map(({ id, name, models }) => (
              <optgroup key={id} label={name}>
                {models.map((it) => (
                  <option key={it.id} value={it.id}>
                    {it.id}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
        )}
        <Select
          label="A new session lives for"
          value={ttlSeconds}
          onChange={(value) => changeSettings({ ttlSeconds: value === null ? null : Number(value) })}
        >
          {TTL_OPTIONS.map(({ seconds, label }) => (
            <option key={seconds} value={seconds}>
              {label} after each use
            </option>
          ))}
        </Select>
        <div className="setting setting-tall">
          <SystemPromptField
            system={system}
            onChange={(system) => changeSettings({ system })}
            noneLabel="No system prompt"
            noneClass="setting-check"
          />
        </div>
        <p className="settings-note">
          These are for new sessions: each session keeps its own choices, in Redis. The theme follows the
          system until its button is used.
        </p>
      </div>
    </Dialog>
  );
}

interface SelectProps {
  label: string;
  value: string | number | null;
  onChange: (value: string | null) => void;
  children: ReactNode;
}

function Select({ label, value, onChange, children }: SelectProps) {
  const id = useId();
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? SERVERS}
        onChange={(event) => onChange(event.target.value === SERVERS ? null : event.target.value)}
      >
        <option value={SERVERS}>Server default</option>
        {children}
      </select>
    </div>
  );
}
