import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { type ReactNode, useId } from "react";
import { MODES } from "../chat/state/choice.ts";
import { changeSettings, type Settings, useSettings } from "../chat/state/settings.ts";
import { TTL_OPTIONS } from "../sessions/ttl-options.ts";
import { t } from "../texts/later.ts";
import { LANGUAGES, type Language } from "../texts/locale.ts";
import { chooseLanguage, chosenLanguage } from "../ui/choose-language.ts";
import { Dialog } from "../ui/dialog.tsx";
import { SystemPromptField } from "../ui/system-prompt-field.tsx";
import "./settings-dialog.css";

const SERVERS = "";

interface SettingsDialogProps {
  providers: readonly ProviderStatus[];
  onClose: () => void;
}

/** Edits the defaults for new sessions and what concerns all of them, kept in this browser. */
export function SettingsDialog({ providers, onClose }: SettingsDialogProps) {
  const { mode, provider, model, system, otherSessions, ttlSeconds } = useSettings();
  const withModels = providers.filter(({ models }) => models.length > 1);
  return (
    <Dialog title={t.common.settings} onClose={onClose}>
      <div className="settings">
        <Select
          label={t.memory.name}
          value={mode}
          onChange={(value) => changeSettings({ mode: value as Settings["mode"] })}
        >
          {MODES.map((mode) => (
            <option key={mode} value={mode}>
              {t.memory.options[mode]}
            </option>
          ))}
        </Select>
        <Select
          label={t.common.provider}
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
          <Select label={t.common.model} value={model} onChange={(value) => changeSettings({ model: value })}>
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
          label={t.settings.ttl}
          value={ttlSeconds}
          onChange={(value) => changeSettings({ ttlSeconds: value === null ? null : Number(value) })}
        >
          {TTL_OPTIONS.map(({ seconds, name }) => (
            <option key={seconds} value={seconds}>
              {t.settings.afterEachUse(t.sessions.ttls[name])}
            </option>
          ))}
        </Select>
        <div className="setting setting-tall">
          <SystemPromptField
            system={system}
            onChange={(system) => changeSettings({ system })}
            noneLabel={t.settings.noSystemPrompt}
            noneClass="setting-check"
          />
        </div>
        <Select
          label={t.settings.language}
          noneLabel={t.settings.browserLanguage}
          value={chosenLanguage()}
          onChange={(value) => chooseLanguage(value as Language | null)}
        >
          {Object.entries(LANGUAGES).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        <p className="settings-note">{t.settings.note}</p>
        <label className="setting-check">
          <input
            type="checkbox"
            checked={otherSessions}
            onChange={(event) => changeSettings({ otherSessions: event.target.checked })}
          />
          {t.settings.otherSessions}
        </label>
        <p className="settings-note">{t.settings.otherSessionsNote}</p>
      </div>
    </Dialog>
  );
}

interface SelectProps {
  label: string;
  /** What stands for null. */
  noneLabel?: string;
  value: string | number | null;
  onChange: (value: string | null) => void;
  children: ReactNode;
}

function Select({ label, noneLabel = t.settings.serverDefault, value, onChange, children }: SelectProps) {
  const id = useId();
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? SERVERS}
        onChange={(event) => onChange(event.target.value === SERVERS ? null : event.target.value)}
      >
        <option value={SERVERS}>{noneLabel}</option>
        {children}
      </select>
    </div>
  );
}
